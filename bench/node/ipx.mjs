// ipx over HTTP, with its own defaults: node ipx.mjs FOLDER PORT
import { createServer } from 'node:http';
import { createIPX, createIPXNodeServer, ipxFSStorage } from 'ipx';

const [folder, port] = process.argv.slice(2);
const ipx = createIPX({ storage: ipxFSStorage({ dir: folder }) });
const server = createServer(createIPXNodeServer(ipx));
server.keepAliveTimeout = 0; // One connection is kept for as long as the bench runs.
server.listen(Number(port), '127.0.0.1');
