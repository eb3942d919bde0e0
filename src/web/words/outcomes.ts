import type { CannotSignIn, SignInOutcome } from '../sign-in-port.ts';
import type { Tone } from './staff-state.ts';

/** What the person who comes back from Square reads: what happened, and what to do. */
export interface OutcomeWords {
  readonly tone: Tone;
  readonly word: string;
  readonly title: string;
  readonly says: string;
  readonly todo: string;
}

const unharmed = 'Nothing that worked before was changed.';

const byKind: Readonly<Record<Exclude<SignInOutcome['kind'], 'Refused' | 'NotStored'>, OutcomeWords>> = {
  Connected: {
    tone: 'good',
    word: 'Signed in',
    title: 'Thank you, you are signed in',
    says: 'Square has given the access. It is being put to use now, which takes a few seconds.',
    todo: 'You can close this page.',
  },
  Denied: {
    tone: 'off',
    word: 'Not allowed',
    title: 'The access was not allowed',
    says: `You, or Square, said no, so nothing was connected. ${unharmed}`,
    todo: 'If that was not what you wanted, sign in once more and choose Allow.',
  },
  AlreadyUsed: {
    tone: 'off',
    word: 'Done already',
    title: 'This sign-in was completed before',
    says: `The page was loaded twice, or somebody went back to it. It counts once. ${unharmed}`,
    todo: 'Look at the state of the connection; there is nothing to repeat.',
  },
  Expired: {
    tone: 'warn',
    word: 'Took too long',
    title: 'This sign-in took too long',
    says: `A sign-in has to be finished within ten minutes. ${unharmed}`,
    todo: 'Sign in once more.',
  },
  OtherBrowser: {
    tone: 'warn',
    word: 'Not from here',
    title: 'This sign-in was not begun here',
    says: `It was begun in another browser, in a private window, or a newer one was begun since. ${unharmed}`,
    todo: 'Open your link again in this browser, and sign in from there.',
  },
  OtherMerchant: {
    tone: 'bad',
    word: 'Another account',
    title: 'That is another Square account',
    says: `This connection belongs to another Square account than the one you signed in with. ${unharmed}`,
    todo: 'Sign out at Square, then sign in once more with the right account.',
  },
  CodeRefused: {
    tone: 'warn',
    word: 'Not accepted',
    title: 'Square did not accept the sign-in',
    says: `What Square sent back could not be used any more: it lives for five minutes and works once. ${unharmed}`,
    todo: 'Sign in once more.',
  },
  SquareUnreachable: {
    tone: 'warn',
    word: 'No answer',
    title: 'Square did not answer',
    says: `You did everything right, but Square could not be reached to finish the sign-in. ${unharmed}`,
    todo: 'Wait a few minutes, then sign in once more.',
  },
  SquareRefused: {
    tone: 'bad',
    word: 'Refused',
    title: 'Square refused to finish the sign-in',
    says: `Square answered, but did not give the access. ${unharmed}`,
    todo: 'Sign in once more. If it happens again, tell the platform team.',
  },
  ApplicationFault: {
    tone: 'bad',
    word: 'Not ready',
    title: 'The platform team has to set something right',
    says: `Square does not accept the application itself, so nobody can sign in just now. ${unharmed}`,
    todo: 'Tell the platform team, and sign in once more when they say so.',
  },
};

/** Words for every end of a sign-in. */
export function outcomeWords(outcome: SignInOutcome): OutcomeWords {
  if (outcome.kind === 'Refused') return refusalWords(outcome.why);
  if (outcome.kind !== 'NotStored') return byKind[outcome.kind];
  if (!outcome.safe)
    return {
      ...byKind.SquareUnreachable,
      title: 'The sign-in could not be stored',
      says: `You did everything right, but our side could not keep the result. ${unharmed}`,
    };
  return {
    tone: 'busy',
    word: 'Being stored',
    title: 'You are signed in, and it is being stored',
    says: 'Square has given the access. Our side cannot store it just now and goes on trying by itself.',
    todo: 'You can close this page. Look again in a few minutes.',
  };
}

const gone: OutcomeWords = {
  tone: 'bad',
  word: 'Gone',
  title: 'This connection no longer exists',
  says: 'It was removed, or made anew, since your link was made.',
  todo: 'Ask the platform team for a new link.',
};

const notNow: OutcomeWords = {
  tone: 'bad',
  word: 'Not possible now',
  title: 'Signing in is not possible just now',
  says: `The platform team has to set something right first. ${unharmed}`,
  todo: 'Tell the platform team what is written below.',
};

const byWhy: Readonly<Partial<Record<CannotSignIn, Partial<OutcomeWords>>>> = {
  ConnectionGone: gone,
  Suspended: {
    tone: 'off',
    word: 'Paused',
    title: 'This connection is paused',
    says: 'The platform team has paused it, so nobody can sign in.',
    todo: 'Ask the platform team when it goes on.',
  },
  TooManySignIns: {
    tone: 'warn',
    title: 'Too many sign-ins were tried',
    says: `More were tried within an hour than anybody needs. ${unharmed}`,
    todo: 'Wait for an hour, then sign in once more.',
  },
  PersonalAccessToken: {
    tone: 'off',
    word: 'Not needed',
    title: 'Nobody has to sign in here',
    says: 'The platform team has set this connection up in another way.',
    todo: 'There is nothing you need to do.',
  },
};

/** Words for a sign-in that cannot be begun, or that was begun and cannot be finished any more. */
const refusalWords = (why: CannotSignIn): OutcomeWords => ({ ...notNow, ...byWhy[why] });
