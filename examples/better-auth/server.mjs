// Serves the application of `auth.mjs`. SESAME_URL and SESAME_API_KEY say where
// Sesame is; PORT and BETTER_AUTH_SECRET are this program's own.

import { randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { toNodeHandler } from 'better-auth/node';

import { makeAuth } from './auth.mjs';

const { SESAME_URL: url = 'http://127.0.0.1:8080', SESAME_API_KEY: apiKey } = process.env;
if (!apiKey) {
  console.error('SESAME_API_KEY is not set; `sesame key new` makes one');
  process.exit(2);
}

const server = createServer();
server.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  const baseURL = `http://127.0.0.1:${server.address().port}`;
  // Sessions end with the program, unless there is a secret that outlives it.
  const secret = process.env.BETTER_AUTH_SECRET ?? randomBytes(32).toString('hex');
  server.on('request', toNodeHandler(makeAuth({ baseURL, secret, url, apiKey })));
  console.log(`ready ${baseURL}`);
});
