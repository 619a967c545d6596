// The process of a core: loads the connectors of one folder and does what the
// test that forked it asks for (`instance.mjs` is the other end).

import { inspect } from 'node:util';

import { ConnectorError } from '@logto/connector-kit';
import { ZodError } from 'zod';

import { answerTo, checkConfig, loadFactories, send } from './core.mjs';
import * as scenarios from './scenarios.mjs';

const { factories, skipped } = await loadFactories(process.argv[2]).catch((error) => {
  process.send({ failed: error instanceof Error ? error.message : `not an Error: ${inspect(error)}` });
  process.exit(1);
});
const [factory] = factories;

// An error as an operator and as an end user get to see it. The core prints one
// that it does not know with all it holds; here that is done with every error.
const told = (error) => {
  console.error(inspect(error, { depth: null, showHidden: true }));
  if (!(error instanceof Error)) return { notAnError: inspect(error) };
  const recognised = error instanceof ConnectorError;
  return {
    recognised,
    isZod: error.data instanceof ZodError,
    code: recognised ? error.code : undefined,
    // As it travels to the browser.
    data: error.data === undefined ? undefined : JSON.parse(JSON.stringify(error.data)),
    name: error.name,
    message: error.message,
    answer: JSON.parse(JSON.stringify(answerTo(error))),
  };
};

const operations = {
  async send(order) {
    let reads = 0;
    const readConfig = async () => {
      reads += 1;
      return order.config;
    };
    const value = await send(factory, order, readConfig);
    return { value, reads };
  },
  check: ({ config }) => checkConfig(factory, config),
  scenario: ({ name, ...rest }) => scenarios[name](factory, rest),
};

process.on('message', async ({ id, operation, order }) => {
  if (operation === 'end') process.exit(0);
  try {
    process.send({ id, returned: await operations[operation](order) });
  } catch (error) {
    process.send({ id, error: told(error) });
  }
});
process.on('disconnect', () => process.exit(0));
process.send({ ready: factories.map(({ metadata, type }) => ({ metadata, type })), skipped });
