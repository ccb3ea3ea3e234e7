-- What is published lies in a file of its own now (pricebook/); what stands here is handed over to
-- it when the till is opened, and these tables go then (catalogue.inheritance).
DROP TABLE barcode;
DROP TABLE feed_staged;
ALTER TABLE product RENAME TO former_product;
ALTER TABLE published RENAME TO former_published;
ALTER TABLE feed RENAME TO former_feed;
