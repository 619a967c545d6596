// What is done inside the core's process: many sends, or values that do not
// travel between processes. Each gets the factory and what the test ordered.

import { readdirSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { parentPort, Worker } from 'node:worker_threads';

import { ConnectorError } from '@logto/connector-kit';
import { ZodError } from 'zod';

import { buildConnector, checkConfig, send } from './core.mjs';
import { garbage } from './garbage.mjs';

// Numbers of one test, all different: 139 0000 0000 and on.
const number = (n) => `86139${String(n).padStart(8, '0')}`;
// And codes that nothing else looks like.
const codeOf = (n) => `Zq${String(n).padStart(5, '0')}K`;

const inFlight = async (times, width, run) => {
  let next = 0;
  const worker = async () => {
    while (next < times) await run(next++);
  };
  await Promise.all(Array.from({ length: width }, worker));
};

// Many sends at a time; tells how many came back, and how often what.
export const bulk = async (factory, { config, times, width }) => {
  const ends = {};
  await inFlight(times, width, async (n) => {
    const data = { to: number(n), type: 'SignIn', payload: { code: codeOf(n) } };
    const end = await send(factory, { data, config }).then(
      () => 'sent',
      (error) => error.code ?? error.name,
    );
    ends[end] = (ends[end] ?? 0) + 1;
  });
  return ends;
};

const settled = async () => {
  // What is freed while one collection runs is seen by the next.
  for (let turn = 0; turn < 5; turn += 1) {
    globalThis.gc();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  return {
    rss: process.memoryUsage().rss,
    threads: readdirSync('/proc/self/task').length,
    files: readdirSync('/proc/self/fd').length,
  };
};

// Node's own share grows with the first thousands of files that are read. So the
// core is at work first on a connector that is not made anew.
const warmUp = async (factory) => {
  const raw = await factory.createConnector({ getConfig: async () => ({}) });
  for (let n = 0; n < 5000; n += 1) await buildConnector({ ...factory, createConnector: async () => raw });
};

// Makes connectors, sends through every tenth, and tells what the process holds
// after a first share and at the end.
export const manyConnectors = async (factory, { config, first, times }) => {
  const make = async (from, to) => {
    for (let n = from; n < to; n += 1) {
      const connector = await buildConnector(factory, async () => ({ ...config }));
      if (n % 10 !== 0) continue;
      const { sendMessage } = connector;
      await sendMessage({ to: number(n), type: 'Generic', payload: { code: codeOf(n) } });
    }
  };
  await warmUp(factory);
  await make(0, first);
  const before = await settled();
  await make(first, times);
  return { before, after: await settled() };
};

// The same with another key for every send.
export const rotation = async (factory, { config, keys, first }) => {
  const run = async (from, to) => {
    for (let n = from; n < to; n += 1) {
      const changed = { ...config, accessKeyId: keys[n].id, accessKeySecret: keys[n].secret };
      const data = { to: number(n), type: 'SignIn', payload: { code: codeOf(n) } };
      await send(factory, { data, config: changed });
    }
  };
  await warmUp(factory);
  await run(0, first);
  const before = await settled();
  await run(first, keys.length);
  return { before, after: await settled() };
};

// Whatever is handed over instead of a configuration or a message, the answer is
// an Error or a success, and the process lives. Tells the exceptions.
export const throwGarbage = async (factory, { config, message }) => {
  const wrong = [];
  let tried = 0;
  const attempt = async (what, run) => {
    tried += 1;
    try {
      await run();
    } catch (error) {
      if (!(error instanceof Error)) wrong.push(`${what}: threw ${typeof error}`);
    }
  };
  const { configGuard } = await buildConnector(factory);
  for (const [name, value] of Object.entries(garbage())) {
    await attempt(`the guard for ${name}`, () => {
      const result = configGuard.safeParse(value);
      if (typeof result?.success !== 'boolean') wrong.push(`${name}: no result`);
      if (!result.success && !(result.error instanceof Error)) wrong.push(`${name}: no Error`);
    });
    await attempt(`saving ${name}`, () => checkConfig(factory, value));
    await attempt(`a test with ${name}`, () => send(factory, { data: message, config: value, inputConfig: true }));
    await attempt(`sending with ${name}`, () => send(factory, { data: message, config: value }));
    for (const key of Object.keys(config)) {
      await attempt(`${key} = ${name}`, () => {
        const result = configGuard.safeParse({ ...config, [key]: value });
        if (typeof result?.success !== 'boolean') wrong.push(`${key} = ${name}: no result`);
      });
    }
    await attempt(`a template that is ${name}`, () => configGuard.safeParse({ ...config, templates: [value] }));
    for (const key of ['to', 'type', 'payload', 'ip']) {
      await attempt(`a message with ${key} = ${name}`, () =>
        send(factory, { data: { ...message, [key]: value }, config }),
      );
    }
    await attempt(`a code that is ${name}`, () =>
      send(factory, { data: { ...message, payload: { code: value } }, config }),
    );
    await attempt(`a message that is ${name}`, () => send(factory, { data: value, config }));
    await attempt(`a getConfig that gives ${name}`, async () => {
      const { sendMessage } = await buildConnector(factory, () => value);
      await sendMessage(message);
    });
  }
  return { tried, wrong };
};

// Sends nothing to nobody.
export const withoutData = (factory, { config }) =>
  send(factory, { config }).then(
    () => 'sent',
    (error) => error.code,
  );

// Saves a configuration with an unknown key that is nested so deep.
export const deep = async (factory, { config, levels }) => {
  let nested = [];
  for (let level = 1; level < levels; level += 1) nested = [nested];
  const { configGuard } = await buildConnector(factory);
  return configGuard.safeParse({ ...config, nested }).success;
};

// Errors of `getConfig` come out as they are.
export const failingGetConfig = async (factory, { message }) => {
  const thrown = new Error('the database is away');
  const failing = {
    rejects: async () => {
      throw thrown;
    },
    throws: () => {
      throw thrown;
    },
  };
  const same = {};
  for (const [name, getConfig] of Object.entries(failing)) {
    const { sendMessage } = await buildConnector(factory, getConfig);
    same[name] = await sendMessage(message).then(
      () => false,
      (error) => error === thrown,
    );
  }
  const { sendMessage } = await buildConnector(factory);
  same.notImplemented = await sendMessage(message).then(
    () => false,
    (error) => error instanceof ConnectorError && error.code === 'not_implemented',
  );
  return same;
};

// What `getConfig` is called with, and on what.
export const getConfigCalls = async (factory, { config, message }) => {
  const calls = [];
  const getConfig = async (...args) => {
    calls.push(args);
    return config;
  };
  const { sendMessage } = await buildConnector(factory, getConfig);
  await sendMessage.call(undefined, message);
  await sendMessage(message);
  const read = calls.length;
  await sendMessage(message, config);
  return { calls, read, readWithInput: calls.length - read };
};

// The shape of what the factory returns, before anything is spread.
export const shape = async (factory) => {
  const raw = await factory.createConnector({ getConfig: async () => ({}) });
  const again = await factory.createConnector({ getConfig: async () => ({}) });
  return {
    own: Object.keys(raw).sort(),
    sendMessage: typeof raw.sendMessage,
    isPlain: Object.getPrototypeOf(raw) === Object.prototype,
    differentSend: raw.sendMessage !== again.sendMessage,
    sameGuard: raw.configGuard === again.configGuard,
  };
};

// A second instance of the module from the same files, and one from a copy of
// them, each with its own messages.
export const twoInstances = async (factory, { config, copy, message }) => {
  const file = pathToFileURL(path.join(factory.folder, 'lib/index.js')).href;
  const modules = [await import(file), await import(`${file}?second`), await import(pathToFileURL(path.join(copy, 'lib/index.js')).href)];
  const results = await Promise.all(
    modules.map(async ({ default: createConnector }, n) => {
      const { sendMessage } = await createConnector({ getConfig: async () => config });
      return sendMessage({ ...message, to: number(n) });
    }),
  );
  return { distinct: new Set(modules).size, sent: results.length };
};

// A thread of its own that loads the module and sends. What it sends is not in
// `workerData`, which Node writes to its own debug log.
const thread = (factory, job) => {
  const worker = new Worker(new URL('thread.mjs', import.meta.url));
  worker.postMessage({ file: pathToFileURL(path.join(factory.folder, 'lib/index.js')).href, ...job });
  return worker;
};

// Loads, sends and ends in threads that come and go.
export const inThreads = async (factory, { config, times }) => {
  const ends = [];
  for (let n = 0; n < times; n += 1) {
    const worker = thread(factory, { config, to: number(n) });
    ends.push(
      await new Promise((resolve) => {
        const said = [];
        worker.on('message', (message) => said.push(message));
        worker.on('error', (error) => said.push(error.message));
        worker.on('exit', (code) => resolve(`${said}, ${code}`));
      }),
    );
  }
  return ends;
};

// Ends threads while a send of theirs is under way.
export const endedThreads = async (factory, { config, times }) => {
  for (let n = 0; n < times; n += 1) {
    const worker = thread(factory, { config, to: number(n) });
    await new Promise((resolve) => worker.once('message', resolve));
    await new Promise((resolve) => setTimeout(resolve, 30));
    await worker.terminate();
  }
  return 'alive';
};

// Which of many configurations are taken, and what each refusal holds.
export const verdicts = async (factory, { configs }) => {
  const { configGuard } = await buildConnector(factory);
  return configs.map((config) => {
    const result = configGuard.safeParse(config);
    if (result.success) return { taken: true };
    const { error } = result;
    const issues = JSON.parse(JSON.stringify(error.issues));
    return { taken: false, isZod: error instanceof ZodError, issues };
  });
};
