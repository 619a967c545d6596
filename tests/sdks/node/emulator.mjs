// The emulator as a test sees it: its test control.

import { readFileSync } from 'node:fs';

// Reads one of the files that the Python and the Node drivers share.
export const shared = (name) =>
  JSON.parse(readFileSync(new URL(`../${name}`, import.meta.url), 'utf8'));

export class Emulator {
  constructor(url) {
    this.url = url.replace(/\/$/, '');
    this.authority = new URL(url).host;
  }

  // Starts a case: the shared account, nothing sent, nothing counted. Limits may
  // be set otherwise, and what the first key may do.
  async reset({ limits = {}, permissions } = {}) {
    const account = shared('account.json');
    Object.assign(account.limits, limits);
    if (permissions) account.access_keys[0].permissions = permissions;
    await this.#post('account', account);
    await this.#post('reset', {});
  }

  // Makes it give this answer to the next call of the action.
  async answerNext(fault, action = 'SendSms') {
    await this.#post('faults', { action, times: 1, fault });
  }

  // Decides what becomes of a message.
  async report(bizId, status, errCode) {
    await this.#post('reports', { biz_id: bizId, status, err_code: errCode });
  }

  // Changes some keys of a template or a signature: `templates/SMS_1`.
  async change(path, changes) {
    await this.#post(encodeURI(path), changes);
  }

  // What arrived on this phone, newest first.
  async messages(to) {
    return this.#get(`messages?to=${encodeURIComponent(to)}`);
  }

  // What it was told of codes that came back, oldest first.
  async conversions() {
    return this.#get('conversions');
  }

  // How many API requests came in since the reset.
  async requests() {
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
  }

  async #json(answer) {
    if (!answer.ok) throw new Error(`${answer.url}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  }
}

// The day a message was sent, as QuerySendDetails wants it: in Aliyun's own zone.
export const sentOn = (message) => {
  const there = new Date(Date.parse(message.sent_at) + 8 * 3600_000);
  return there.toISOString().slice(0, 10).replaceAll('-', '');
};
