import { minutes } from '../src/clock.ts';

/** Where the connection in focus and the application are. */
export const namespace = 'square-demo';
/** Where all the others are. */
export const sellersNamespace = 'square-demo-sellers';
export const connection = 'bakery';
export const sealedSecret = `${connection}-sealed`;
export const credentialSecret = 'bakery-credential';
export const application = 'pos';
export const clientID = 'sq0idp-app';
export const merchantID = 'MBAKERY';
export const scopes = ['MERCHANT_PROFILE_READ', 'ITEMS_READ', 'ORDERS_READ', 'ORDERS_WRITE', 'PAYMENTS_READ'];

/**
 * How many other sellers there are, and how often each of their tokens is verified: one of them asks Square about every
 * second, and so a moved clock is noticed within seconds.
 */
export const sellers = 80;
export const sellersVerifyInterval = '1m';

/** A connection whose seller signs in on the web: for whoever plays on. */
export const webConnection = 'florist';
/** A ServiceAccount of the platform team, for the web pages. */
export const staffAccount = 'oncall';

/** Where `deploy/base` puts the operator, and its account there. */
export const operatorNamespace = 'square-operator';
export const operatorAccount = 'square-operator';

/** How far the clock is moved beyond an instant, so that it has surely passed. */
export const beyond = minutes(1);
