import { html } from 'ghtml';
import { staffAudience } from '../reviews.ts';
import { badge, proof } from './parts.ts';

/** Why nobody is signed in, where there is something to say. */
export type SignInProblem = 'Refused' | 'OtherAudience' | 'NotPermitted' | 'Unavailable' | 'Ended' | 'TooLong';

const problems: Readonly<Record<SignInProblem, readonly [title: string, says: string]>> = {
  Refused: ['The cluster does not know this token', 'It may have ended, or its account was deleted. Make a new one.'],
  OtherAudience: [
    'This token is for something else',
    `Only tokens made for the audience ${staffAudience}, and for no other, are taken: others are worth more than this page needs.`,
  ],
  NotPermitted: [
    'The operator may not check tokens',
    'Set web.staffPages of the chart, or apply deploy/web/staff-pages.yaml, which lets it ask the cluster who somebody is and what they may do.',
  ],
  Unavailable: ['The cluster does not answer just now', 'Your token was not checked. Try again in a minute.'],
  Ended: ['You are signed out', 'Your token has ended, or its account was deleted.'],
  TooLong: ['This is no Kubernetes token', 'It is longer than any that the command below makes.'],
};

export interface StaffSignInView {
  readonly base: string;
  readonly formToken: string;
  readonly problem?: SignInProblem | undefined;
}

export const staffSignInPage = ({ base, formToken, problem }: StaffSignInView): string => html`
<article class="card sign-in">
<h1>Sign in</h1>
<p>With a Kubernetes token you see the connections, and may do with them, what the cluster lets you.</p>
!${problem === undefined ? '' : problemBanner(problem)}
<form method="post" action="${base}/connections/sign-in">!${proof(formToken)}
<label for="token">Token for the audience <code>${staffAudience}</code></label>
<textarea id="token" name="token" rows="4" required spellcheck="false" autocomplete="off" autocapitalize="off"!${problem === undefined ? '' : ' aria-describedby="problem" aria-invalid="true"'}></textarea>
<div class="actions"><button class="button primary">Sign in</button></div>
</form>
<section aria-labelledby="how">
<h2 id="how">How to make one</h2>
<p>For a ServiceAccount that may <code>get</code> and <code>list</code> (and, to change things, <code>patch</code>) <code>squareconnections</code>:</p>
<div class="copy"><pre tabindex="0" id="command"><code>kubectl create token NAME --namespace NAMESPACE --audience ${staffAudience}</code></pre><button type="button" class="button plain" data-copy="command" hidden>Copy</button></div>
<p class="small">It is good for an hour, for these pages alone, and stays in this browser, sealed.</p>
</section>
</article>`;

function problemBanner(problem: SignInProblem): string {
  const [title, says] = problems[problem];
  return html`<div class="banner warn" role="alert" id="problem"><p class="state">!${badge('warn', 'Not signed in')}</p><h2>${title}</h2><p>${says}</p></div>`;
}

/** Who is signed in, and the way out, for the head of the page. */
export const signedIn = (base: string, user: string, formToken: string): string => html`
<div class="who"><span class="user" title="${user}">${shortUser(user)}</span>
<form method="post" action="${base}/connections/sign-out">!${proof(formToken)}<button class="button quiet">Sign out</button></form></div>`;

/** `system:serviceaccount:shop:viewer` is `shop/viewer`. */
function shortUser(user: string): string {
  const [, namespace, name] = /^system:serviceaccount:([^:]+):([^:]+)$/.exec(user) ?? [];
  return name === undefined ? user : `${namespace}/${name}`;
}
