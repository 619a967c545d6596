// An application that signs people in by phone number and nothing else.

import { betterAuth } from 'better-auth';
import { memoryAdapter } from 'better-auth/adapters/memory';
import { phoneNumber } from 'better-auth/plugins';

import { sesame } from './sesame.mjs';

// Users and sessions, gone when the program ends. Put your database here.
const database = memoryAdapter({ user: [], session: [], account: [], verification: [] });

export const makeAuth = ({ baseURL, secret, url, apiKey }) =>
  betterAuth({
    baseURL,
    secret,
    database,
    plugins: [
      phoneNumber({
        ...sesame({ url, apiKey }),
        // One notation only, so that one number is one user.
        phoneNumberValidator: (number) => /^\+[1-9]\d{6,14}$/.test(number),
        // A number that was verified and is not known yet becomes a user.
        signUpOnVerification: {
          getTempEmail: (number) => `${number.replace(/\D/g, '')}@phone.invalid`,
        },
      }),
    ],
  });
