// A thread that loads the connector and sends one message (`scenarios.mjs`).

import { once } from 'node:events';
import { parentPort } from 'node:worker_threads';

const [{ file, config, to }] = await once(parentPort, 'message');
const { default: createConnector } = await import(file);
const { sendMessage } = await createConnector({ getConfig: async () => config });
const sending = sendMessage({ to, type: 'SignIn', payload: { code: '683725' } });
parentPort.postMessage('sending');
await sending;
parentPort.postMessage('sent');
