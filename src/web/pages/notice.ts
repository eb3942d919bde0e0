import { html } from 'ghtml';
import type { SignInOutcome } from '../sign-in-port.ts';
import { outcomeWords } from '../words/outcomes.ts';
import type { Tone } from '../words/staff-state.ts';
import { badge } from './parts.ts';

export interface Notice {
  readonly tone: Tone;
  readonly word: string;
  readonly title: string;
  readonly says: string;
  readonly todo?: string;
  /** For the platform team. */
  readonly detail?: string | undefined;
}

/** A page that says one thing: what happened, and what to do. */
export const notice = ({ tone, word, title, says, todo = '', detail }: Notice): string => html`
<article class="card notice">
<p class="state">!${badge(tone, word)}</p>
<h1>${title}</h1>
<p>${says}</p>
!${todo === '' ? '' : html`<p class="todo">${todo}</p>`}
!${detail === undefined ? '' : html`<div class="detail"><h2>For the platform team</h2><p>${detail}</p></div>`}
</article>`;

/** What became of a sign-in, for who sees no more of the connection than that. */
export function outcomeNotice(outcome: SignInOutcome): Notice {
  return { ...outcomeWords(outcome), detail: 'message' in outcome ? outcome.message : undefined };
}

export const nothingHere: Notice = {
  tone: 'off',
  word: 'Not found',
  title: 'There is nothing at this address',
  says: 'It may have been mistyped or cut off.',
  todo: 'Check the address, or open the link that you were given again.',
};

/** For whoever has no link, whether there is such a connection or not. */
export const askForLink: Notice = {
  tone: 'off',
  word: 'Link needed',
  title: 'This page opens with a personal link',
  says: 'Links are good for one hour. Yours may have ended, or this browser has not opened it.',
  todo: 'Ask the platform team that looks after your Square connection for a new link.',
};

/** For whoever has signed in by a link by which somebody else did, too. */
export const takenByAnother: Notice = {
  tone: 'bad',
  word: 'Another account',
  title: 'Another Square account is connected here',
  says: 'It is not the one that you signed in with, which is not used for anything.',
  todo: 'If yours is the right one, ask the platform team for a new link.',
};

export const wentWrong = (reference: string): Notice => ({
  tone: 'bad',
  word: 'Our fault',
  title: 'Something went wrong on our side',
  says: 'You did nothing wrong, and nothing was changed that you did not ask for.',
  todo: 'Try again in a minute. If it happens again, tell the platform team.',
  detail: `The log of the operator has this under requestID ${reference}.`,
});

export const clusterAway: Notice = {
  tone: 'warn',
  word: 'Not available',
  title: 'The cluster does not answer just now',
  says: 'So this page cannot tell what is so, and nothing was changed.',
  todo: 'Try again in a minute.',
};

export const tooMany: Notice = {
  tone: 'warn',
  word: 'Too fast',
  title: 'Too many requests came from here',
  says: 'To keep the pages usable for everybody, requests are limited.',
  todo: 'Wait a minute, then try again.',
};

export const notOurForm: Notice = {
  tone: 'warn',
  word: 'Not sent',
  title: 'This form is out of date',
  says: 'It was shown to another session, is too old, or another page sent it. Nothing was changed.',
  todo: 'Go back, load the page again, and send it once more.',
};

export const badRequest: Notice = {
  tone: 'warn',
  word: 'Not understood',
  title: 'This request could not be understood',
  says: 'It was too large, or not of the kind that is taken here. Nothing was changed.',
  todo: 'Go back and try again.',
};
