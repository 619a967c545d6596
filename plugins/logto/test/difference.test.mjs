// The same cases on the official connector and on ours. What differs is listed
// in `DIFFERENCES.md`; a difference that is not listed fails, and so does a
// listed one that is not seen.

import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import { test } from 'node:test';

import { cases } from './cases.mjs';
import { configOf, emulator, official, officialConfig, ours, secure, startOfficial, stopCore } from './setup.mjs';

// Where each connector sends, and what tells it so.
const sides = {
  official: { core: official, emulator: secure, configOf: officialConfig },
  ours: { core: ours, emulator, configOf },
};

// What happened in a case, one value for each aspect.
const observe = async ({ core, emulator: its, configOf: make }, one) => {
  const config = one.config === undefined || isChanges(one.config) ? make(one.config) : one.config;
  await its.reset(one.account);
  if (one.fault) await its.fault(one.fault, { times: one.times ?? 1, ...(one.delay ? { delay_ms: one.delay } : {}) });
  const guard = await core.check(clean(config));
  const order = { config: clean(config), to: '8613800138000', type: 'SignIn', payload: { code: '683725' }, ...one.message };
  const told = await settled(core.send(order), one.waits);
  const requests = await its.requests('SendSms');
  const { PhoneNumbers, SignName, TemplateCode, TemplateParam, OutId } = requests[0]?.params ?? {};
  return {
    guard: guard.error ? 'refuses' : 'takes',
    end: endOf(told),
    requests: requests.length,
    arrived: (await its.messages()).map(({ to }) => to),
    ...(requests.length > 0 && {
      phone: PhoneNumbers,
      sign: SignName,
      template: TemplateCode,
      param: TemplateParam,
      outid: OutId === undefined ? 'none' : 'one',
    }),
    ...(told.returned && { value: Object.keys(told.value ?? {}).sort() }),
    ...(told.error && { shown: shownBy(told.error, order) }),
  };
};

const isChanges = (config) => config !== null && typeof config === 'object' && !Array.isArray(config);

// As it comes out of the database.
const clean = (config) => (config === undefined ? undefined : JSON.parse(JSON.stringify(config)));

const WAITING = { waiting: true };
const settled = (sending, waits) =>
  waits ? Promise.race([sending, new Promise((resolve) => setTimeout(resolve, waits, WAITING))]) : sending;

const endOf = (told) => {
  if (told === WAITING) return 'still waiting';
  if (told.returned) return 'sent';
  const { status, body } = told.error.answer;
  return `${status} ${body.code ?? body.message}`;
};

// What a browser gets to see of an error: its fields, and what should not be
// among them.
const shownBy = (error, { config, to, payload }) => {
  const body = JSON.stringify(error.answer.body.data ?? {});
  const private_ = {
    'the number': to?.length > 6 && to.slice(-8),
    'the code': payload.code?.length > 3 && payload.code,
    'the key id': config?.accessKeyId?.length > 3 && config.accessKeyId,
    'the string to sign': /string ?to ?sign/i.exec(body)?.[0],
    markup: /<html|<[!a-z]/i.exec(body)?.[0],
    "Aliyun's words": /Aliyun says|触发|invalid mobile|is not|not found/i.exec(error.data?.errorDescription ?? '')?.[0],
  };
  const leaks = Object.entries(private_).filter(([, text]) => text && body.includes(text));
  return { fields: Object.keys(error.data ?? {}).sort(), leaks: leaks.map(([name]) => name) };
};

// The list: `case/aspect` or `@group/aspect` to the id of the difference.
const list = () => {
  const text = readFileSync(new URL('DIFFERENCES.md', import.meta.url), 'utf8');
  const places = new Map();
  const ids = [];
  for (const section of text.split(/^### /m).slice(1)) {
    const id = /^`([\w-]+)`/.exec(section)?.[1];
    assert.ok(id, `a section without an id: ${section.slice(0, 60)}`);
    for (const word of ['Official', 'Ours', 'Why', 'Seen in']) assert.ok(section.includes(`- **${word}**:`), `${id} has no line ${word}`);
    assert.ok(!ids.includes(id), `${id} stands there twice`);
    ids.push(id);
    const seen = section.slice(section.indexOf('- **Seen in**:'));
    for (const [, place] of seen.matchAll(/`([@\w+-]+\/\w+)`/g)) {
      assert.ok(!places.has(place), `${place} is listed twice`);
      places.set(place, id);
    }
  }
  return { places, ids };
};

// Groups that a difference may be listed for: it must then be seen in every case
// of the group.
const groupsOf = (theirs, mine, { message: { to = '8613800138000' } = {} }) => {
  const called = theirs.requests > 0 && mine.requests > 0;
  const failed = 'shown' in theirs && 'shown' in mine;
  return [
    theirs.end === 'sent' && mine.end === 'sent' && '@both-sent',
    called && '@both-called',
    called && /^(\+|00)?861\d{10}$/.test(to) && '@both-called-with-86',
    failed && theirs.requests > 0 && '@both-failed-after-a-call',
    theirs.guard === 'refuses' && mine.guard === 'refuses' && '@both-refuse-the-configuration',
  ].filter(Boolean);
};

const { places } = list();
const seen = new Set();

for (const one of cases) {
  test(`the same but for what is listed: ${one.id}`, { timeout: 60_000 }, async () => {
    const waiting = one.waits ? await startOfficial() : undefined;
    const theirs = await observe(waiting ? { ...sides.official, core: waiting } : sides.official, one);
    if (waiting) await stopCore(waiting);
    const mine = await observe(sides.ours, { ...one, waits: undefined });
    const groups = groupsOf(theirs, mine, one);
    const wrong = [];
    // What only one of them did, shows in `end` and `requests`.
    for (const aspect of Object.keys(mine).filter((name) => name in theirs)) {
      const same = isDeepStrictEqual(theirs[aspect], mine[aspect]);
      const names = [one.id, ...groups].map((name) => `${name}/${aspect}`);
      const listed = names.filter((name) => places.has(name));
      for (const name of listed) if (!same) seen.add(name);
      const shown = `official ${JSON.stringify(theirs[aspect])}, ours ${JSON.stringify(mine[aspect])}`;
      if (process.env.SHOW_DIFFERENCES && !same) console.log(`DIFF ${one.id}/${aspect} [${groups}]: ${shown}`);
      if (!same && listed.length === 0) wrong.push(`${names[0]} differs and is not listed: ${shown}`);
      if (same && listed.length > 0) wrong.push(`${listed[0]} is listed and does not differ: ${shown}`);
    }
    if (wrong.length > 0) assert.fail(wrong.join('\n'));
  });
}

test('every listed difference was seen', () => {
  const ids = cases.map(({ id }) => id);
  assert.deepEqual([...new Set(ids)].length, ids.length, 'an id of a case stands twice');
  assert.deepEqual([...places.keys()].filter((place) => !seen.has(place)), []);
  console.log(`${cases.length} cases, ${places.size} places of ${list().ids.length} listed differences`);
  assert.ok(cases.length >= 60);
});
