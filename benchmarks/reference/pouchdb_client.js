// Moves sales from a local PouchDB to a server by its replication.
//   node pouchdb_client.js FOLDER URL BATCH
// For each line of standard input (a file of sales, a JSON object a line) it fills a new local
// database, replicates it into a new one of the server, and says how many seconds that took.
const fs = require('fs');
const readline = require('readline');
const PouchDB = require('pouchdb').defaults({ prefix: `${process.argv[2]}/` });

let round = 0;
async function move(file) {
  const name = `sales${round++}`;
  const docs = fs.readFileSync(file, 'utf8').trim().split('\n').map((line, number) =>
    ({ _id: String(number).padStart(8, '0'), ...JSON.parse(line) }));
  const local = new PouchDB(name);
  await local.bulkDocs(docs);
  const began = process.hrtime.bigint();
  const done = await local.replicate.to(`${process.argv[3]}/${name}`, { batch_size: Number(process.argv[4]) });
  const seconds = Number(process.hrtime.bigint() - began) / 1e9;
  if (done.docs_written !== docs.length) throw new Error(`${done.docs_written} of ${docs.length} were written`);
  console.log(seconds);
}

(async () => {
  for await (const line of readline.createInterface({ input: process.stdin })) await move(line);
})();
