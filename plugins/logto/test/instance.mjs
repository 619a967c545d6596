// An instance of Logto on this machine, and processes of its core.

import { fork } from 'node:child_process';
import { cpSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { Needles } from './needles.mjs';

const coreFolder = path.dirname(fileURLToPath(import.meta.url));

// The connector under test, and the one it takes the place of.
export const packages = {
  ours: path.resolve(process.env.LOGTO_PLUGIN),
  official: path.join(coreFolder, 'node_modules/@logto/connector-aliyun-sms'),
};

// A folder of connectors inside the core, filled with copies. `as` is the name
// of a copy's folder; `change` may change its package.json.
export const connectorsFolder = (name, copies) => {
  const folder = path.join(coreFolder, name);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const { from, as, change } of copies) {
    const copy = path.join(folder, as);
    cpSync(from, copy, { recursive: true });
    if (!change) continue;
    const file = path.join(copy, 'package.json');
    writeFileSync(file, JSON.stringify(change(JSON.parse(readFileSync(file, 'utf8')))));
  }
  return folder;
};

// Everything that can be made to write, writes.
export const LOUD = {
  NODE_DEBUG: '*',
  RUST_LOG: 'trace',
  SESAME_LOG: 'trace',
  RUST_BACKTRACE: '1',
};

// No other traffic goes round by a proxy, and nothing of ours comes in.
const cleanEnvironment = () => {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(https?|all|no)_proxy$/i.test(name) && !/^(ALIBABA|ALIYUN|RUST_LOG|SESAME)/.test(name),
  );
  return Object.fromEntries(kept);
};

// What all processes of all cores wrote.
export const written = new Needles();

export class Core {
  #child;
  #waiting = new Map();
  #next = 0;
  #ready;
  #output = [];
  #searched;

  // `searched: false`: what it writes is not looked through at the end.
  constructor(folder, { env = LOUD, node = [], searched = true } = {}) {
    this.#searched = searched;
    const options = { silent: true, serialization: 'advanced', execArgv: node };
    const environment = { ...cleanEnvironment(), ...env };
    const program = path.join(coreFolder, 'core-process.mjs');
    this.#child = fork(program, [folder], { ...options, env: environment, cwd: coreFolder });
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream.on('data', (chunk) => this.#output.push(chunk));
    }
    this.#ready = new Promise((resolve, reject) => {
      this.#child.on('message', (message) => {
        if (message.ready) resolve(message);
        else if (message.failed) reject(new Error(message.failed));
        else this.#settle(message);
      });
    });
    this.#ready.catch(() => {});
    this.ended = new Promise((resolve) => {
      this.#child.on('close', (code, signal) => {
        const end = { code, signal };
        for (const { reject } of this.#waiting.values()) {
          reject(new Error(`the core ended (${code ?? signal}): ${this.output.slice(-2000)}`));
        }
        this.#waiting.clear();
        resolve(end);
      });
    });
  }

  static async start(folder, options) {
    const core = new Core(folder, options);
    const ended = core.ended.then(({ code, signal }) => {
      throw new Error(`the core ended (${code ?? signal}): ${core.output.slice(-2000)}`);
    });
    ended.catch(() => {});
    const { ready, skipped } = await Promise.race([core.#ready, ended]);
    core.connectors = ready;
    core.skipped = skipped;
    return core;
  }

  get pid() {
    return this.#child.pid;
  }

  // What it wrote to standard output and standard error.
  get output() {
    return Buffer.concat(this.#output).toString('utf8');
  }

  // Sends; tells `{returned}` or `{error}`. What must not be written anywhere is
  // remembered.
  async send({ config, to, type = 'SignIn', payload, ip, inputConfig = false }) {
    const data = { to, type, payload, ...(ip ? { ip } : {}) };
    if (this.#searched) written.add({ config, to, payload });
    const told = await this.call('send', { data, config, inputConfig });
    return told.error ? told : { ...told.returned, returned: true };
  }

  async check(config) {
    if (this.#searched) written.add({ config });
    return this.call('check', { config });
  }

  async scenario(name, order = {}) {
    const told = await this.call('scenario', { name, ...order });
    if (told.error) throw new Error(`${name}: ${told.error.message ?? told.error.notAnError}`);
    return told.returned;
  }

  call(operation, order) {
    const id = (this.#next += 1);
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#child.send({ id, operation, order });
    });
  }

  // Ends it, and keeps what it wrote for the search.
  async stop() {
    if (this.#child.connected) this.#child.send({ operation: 'end' });
    const end = await this.ended;
    if (this.#searched) written.read(this.output, 'a core');
    return end;
  }

  #settle({ id, ...told }) {
    const waiting = this.#waiting.get(id);
    this.#waiting.delete(id);
    waiting?.resolve(told);
  }
}
