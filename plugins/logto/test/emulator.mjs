// The emulator as a test sees it: its test control.

import { readFileSync } from 'node:fs';

const account = JSON.parse(readFileSync(new URL('account.json', import.meta.url), 'utf8'));

export class Emulator {
  constructor(url) {
    this.url = url.replace(/\/$/, '');
    this.authority = new URL(url).host;
  }

  // Starts a case: our account, changed as told, nothing sent, nothing counted.
  async reset({ limits = {}, permissions, ...changes } = {}) {
    const changed = structuredClone({ ...account, ...changes });
    Object.assign(changed.limits, limits);
    if (permissions) changed.access_keys[0].permissions = permissions;
    await this.#post('account', changed);
    await this.#post('reset', {});
  }

  // Makes it meet the next calls of the action with this fault.
  async fault(fault, { action = 'SendSms', times = 1, ...more } = {}) {
    await this.#post('faults', { action, times, fault, ...more });
  }

  // What arrived, newest first: on this phone, or on all.
  async messages(to) {
    return this.#get(to ? `messages?to=${encodeURIComponent(to)}` : 'messages');
  }

  // The newest API requests as they arrived, oldest first: their action and
  // parameters, wherever the client put those.
  async requests(action) {
    const { requests } = await this.#get('requests?latest=100');
    return requests
      .reverse()
      .map((request) => ({ ...request, params: paramsOf(request) }))
      .filter((request) => !action || request.action === action);
  }

  // How many there were since the reset.
  async requestCount() {
    return (await this.#get('requests')).total;
  }

  async #get(path) {
    return this.#json(await fetch(`${this.url}/_emulator/${path}`));
  }

  async #post(path, body) {
    const headers = { 'content-type': 'application/json' };
    const request = { method: 'POST', headers, body: JSON.stringify(body) };
    const answer = await fetch(`${this.url}/_emulator/${path}`, request);
    if (!answer.ok) throw new Error(`/_emulator/${path}: ${answer.status} ${await answer.text()}`);
    await answer.arrayBuffer();
  }

  async #json(answer) {
    if (!answer.ok) throw new Error(`${answer.url}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }
}

const paramsOf = ({ target, body }) => {
  const query = new URL(target, 'http://host').searchParams;
  return Object.fromEntries([...query, ...new URLSearchParams(body)]);
};
