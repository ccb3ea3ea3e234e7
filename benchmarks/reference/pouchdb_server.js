// PouchDB Server's own HTTP on LevelDB, as its documentation mounts it.
//   node pouchdb_server.js PORT FOLDER     says `ready` when it listens
const express = require('express');
const PouchDB = require('pouchdb').defaults({ prefix: `${process.argv[3]}/` });
const app = express();
app.use('/', require('express-pouchdb')(PouchDB, { inMemoryConfig: true, logPath: `${process.argv[3]}/log.txt` }));
app.listen(Number(process.argv[2]), '127.0.0.1', () => console.log('ready'));
