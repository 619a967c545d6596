// What the phone number plugin of Better Auth needs to have its codes sent and
// checked by Sesame.

import { APIError, getIP } from 'better-auth/api';

// How long the id of a verification is kept: as long as any of its codes lives.
const LONGEST_LIFE_MS = 10 * 60_000;

// One session for all: a number then has one verification at a time, and asking
// for a code again sends the same one, instead of making the first worthless.
const SESSION = 'better-auth';

const identifier = (phoneNumber) => `sesame:${phoneNumber}`;

export const sesame = ({ url, apiKey, usageType = 'SignIn' }) => {
  const post = async (path, body) => {
    const answer = await fetch(`${url.replace(/\/$/, '')}${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
      signal: AbortSignal.timeout(20_000),
    });
    return { status: answer.status, body: await answer.json() };
  };

  // The code that Better Auth made is not used: Sesame derives one that is
  // stored nowhere.
  const sendOTP = async ({ phoneNumber }, ctx) => {
    const headers = ctx?.request?.headers ?? ctx?.headers;
    const ip = headers && getIP(headers, ctx.context.options);
    const { status, body } = await post('/v1/verifications', {
      to: phoneNumber,
      type: usageType,
      session: SESSION,
      locale: headers?.get('accept-language')?.split(/[,;]/, 1)[0].slice(0, 64),
      ...(ip ? { ip } : {}),
    });
    if (status !== 201) throw refused(status, body);
    const verifications = ctx.context.internalAdapter;
    await verifications.deleteVerificationByIdentifier(identifier(phoneNumber));
    await verifications.createVerificationValue({
      identifier: identifier(phoneNumber),
      value: body.id,
      expiresAt: new Date(Date.now() + LONGEST_LIFE_MS),
    });
  };

  // Whether the code is right, and was never used before.
  const verifyOTP = async ({ phoneNumber, code }, ctx) => {
    const verifications = ctx.context.internalAdapter;
    const kept = await verifications.findVerificationValue(identifier(phoneNumber));
    if (!kept) return false;
    const path = `/v1/verifications/${encodeURIComponent(kept.value)}/check`;
    const { status, body } = await post(path, { code });
    if (status === 404) return false;
    if (status !== 200) throw refused(status, body);
    if (body.status === 'exhausted' || body.status === 'locked') {
      throw new APIError('FORBIDDEN', { code: 'TOO_MANY_ATTEMPTS', message: 'Too many attempts' });
    }
    if (body.valid) {
      await verifications.deleteVerificationByIdentifier(identifier(phoneNumber));
    }
    return body.valid;
  };

  return { sendOTP, verifyOTP };
};

// `message` is a sentence for the person at the phone, in the language of the
// browser; everything else is for whoever runs this.
const refused = (status, { code, detail, message, retry_after_secs }) => {
  const statuses = { 422: 'UNPROCESSABLE_ENTITY', 429: 'TOO_MANY_REQUESTS' };
  if (!statuses[status]) console.error(`Sesame answered ${status} ${code}: ${detail}`);
  return new APIError(
    statuses[status] ?? 'SERVICE_UNAVAILABLE',
    {
      code: (code ?? 'unavailable').toUpperCase(),
      message: message ?? 'The verification code could not be sent. Please try again later.',
    },
    retry_after_secs ? { 'retry-after': String(retry_after_secs) } : {},
  );
};
