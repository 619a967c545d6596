// How a core finds, checks and loads the package.

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { connectorsFolder, Core, packages } from './instance.mjs';
import { official, ours } from './setup.mjs';

const ID = 'aliyun-short-message-service';

// Starts a core with these connectors, and ends it.
const loaded = async (name, copies, options) => {
  const core = await Core.start(connectorsFolder(name, copies), options);
  await core.stop();
  return core;
};

const inPackage = (file) => path.join(packages.ours, file);

test('the package is loaded, as one SMS connector', () => {
  assert.deepEqual(ours.skipped, []);
  assert.equal(ours.connectors.length, 1);
  const [{ type, metadata }] = ours.connectors;
  assert.equal(type, 'Sms');
  assert.equal(metadata.id, ID);
});

test('it is the same connector as the official one', () => {
  const [{ metadata: mine }] = ours.connectors;
  const [{ metadata: theirs }] = official.connectors;
  for (const key of ['id', 'target', 'platform']) assert.equal(mine[key], theirs[key], key);
  for (const key of ['name', 'description']) {
    assert.deepEqual(Object.keys(mine[key]).sort(), Object.keys(theirs[key]).sort(), key);
  }
  for (const item of theirs.formItems) {
    const same = mine.formItems.find(({ key }) => key === item.key);
    assert.ok(same, `no form item ${item.key}`);
    for (const key of ['type', 'required']) assert.equal(same[key], item[key], `${item.key}.${key}`);
    if (item.key !== 'templates') assert.deepEqual(same.defaultValue, item.defaultValue);
  }
  const usages = (metadata) =>
    metadata.formItems.find(({ key }) => key === 'templates').defaultValue.map(({ usageType }) => usageType).sort();
  assert.deepEqual(usages(mine), usages(theirs));
});

test('it has form items for what it adds, none of them required', () => {
  const [{ metadata: mine }] = ours.connectors;
  const [{ metadata: theirs }] = official.connectors;
  const known = new Set(theirs.formItems.map(({ key }) => key));
  const added = mine.formItems.filter(({ key }) => !known.has(key));
  const keys = added.map(({ key }) => key);
  for (const key of ['endpoint', 'region', 'signNames', 'timeoutMs', 'defaultCountry']) assert.ok(keys.includes(key), key);
  for (const { key, required } of added) assert.ok(!required, key);
  const secret = mine.formItems.find(({ key }) => key === 'accessKeySecret');
  assert.equal(secret.isConfidential ?? true, true);
});

test('logo and README are read from the package', () => {
  const [{ metadata }] = ours.connectors;
  assert.match(metadata.logo, /^data:image\/(svg\+xml|png);base64,/);
  assert.equal(metadata.readme, readFileSync(inPackage('README.md'), 'utf8'));
  assert.match(metadata.readme, /[a-z]{5}/);
  assert.match(metadata.readme, /[\u4e00-\u9fff]{5}/);
});

test('the package holds what it needs and nothing else', () => {
  const files = readdirSync(packages.ours, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.relative(packages.ours, path.join(entry.parentPath ?? entry.path, entry.name)));
  for (const file of files) {
    assert.match(file, /^(package\.json|README\.md|LICENSE[\w.-]*|NOTICE[\w.-]*|THIRD[\w.-]*|logo\.(svg|png)|lib\/[\w.-]+\.js|lib\/native\/sesame-logto\.[\w-]+\.node)$/, file);
  }
  assert.ok(files.some((file) => file.endsWith('.node')));
  const { dependencies, name } = JSON.parse(readFileSync(inPackage('package.json'), 'utf8'));
  // Nothing is installed beside it, so it may only ask for what the core has.
  for (const dependency of Object.keys(dependencies)) assert.ok(['@logto/connector-kit', 'zod'].includes(dependency), dependency);
  assert.match(name.split('/').at(-1), /^connector-/);
  assert.ok(!existsSync(inPackage('node_modules')));
});

test('what the factory returns survives being spread', async () => {
  const shape = await ours.scenario('shape');
  for (const key of ['configGuard', 'metadata', 'sendMessage', 'type']) assert.ok(shape.own.includes(key), key);
  assert.equal(shape.sendMessage, 'function');
  assert.ok(shape.isPlain);
});

test('any name with connector- in its place is taken, others are not', async () => {
  const named = (name) => ({ from: packages.ours, as: name.replace('/', '-'), change: (json) => ({ ...json, name }) });
  for (const [name, count] of [
    ['connector-x', 1],
    ['@acme/connector-x', 1],
    ['x-connector', 0],
    ['@connector-acme/x', 0],
  ]) {
    const core = await loaded('connectors-named', [named(name)]);
    assert.equal(core.connectors.length, count, name);
  }
});

test('the range for the kit takes 5.1.0 and holds for the core\'s older and newer ones', async () => {
  const { dependencies } = JSON.parse(readFileSync(inPackage('package.json'), 'utf8'));
  assert.equal(typeof dependencies['@logto/connector-kit'], 'string');
  const { default: semver } = await import('semver');
  for (const version of ['5.1.0', '5.1.1', '5.2.0']) assert.ok(semver.satisfies(version, dependencies['@logto/connector-kit']), version);
});

test('the checks of this core are at work', async () => {
  const changed = (as, change) => ({ from: packages.ours, as, change });
  const core = await loaded('connectors-wrong', [
    changed('a', (json) => ({ ...json, name: 'connector-a', dependencies: {} })),
    changed('b', (json) => ({ ...json, name: 'connector-b', dependencies: { '@logto/connector-kit': '^4.0.0' } })),
  ]);
  assert.deepEqual(core.connectors, []);
  assert.deepEqual(
    core.skipped.map(({ name, message }) => [name, /Cannot find @logto|to be \^4\.0\.0/.test(message)]).sort(),
    [
      ['connector-a', true],
      ['connector-b', true],
    ],
  );
});

test('beside the official one it would keep Logto from starting', async () => {
  const both = [
    { from: packages.ours, as: 'sesame' },
    { from: packages.official, as: '@logto-connector-aliyun-sms' },
  ];
  await assert.rejects(loaded('connectors-both', both), /Found multiple connector factories/);
});

test('where no addon fits, an Error names what was looked for', async () => {
  for (const [property, value] of [
    ['arch', 'mips64'],
    ['platform', 'sunos'],
  ]) {
    const pretend = `data:text/javascript,Object.defineProperty(process,'${property}',{value:'${value}'})`;
    const core = await loaded('connectors-elsewhere', [{ from: packages.ours, as: 'sesame' }], { node: ['--import', pretend], env: {} });
    assert.deepEqual(core.connectors, []);
    const [{ message }] = core.skipped;
    assert.ok(message.includes(value), message);
    assert.match(message, /\.node|linux/);
  }
});
