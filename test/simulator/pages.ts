import type { Seller } from './rows.ts';

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};
const escape = (text: string) => text.replace(/[&<>"']/g, (character) => escapes[character] ?? character);

const page = (title: string, main: string) => `<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>${escape(title)}</title></head>
<body><main><h1>${escape(title)}</h1>${main}</main></body>
</html>
`;

/** Shown instead of any callback when the request cannot be trusted. */
export const errorPage = (why: string) => page('Authorization error', `<p role="alert">${escape(why)}</p>`);

/** What the browser posts back: the query of the authorization request, as it came. */
const hidden = (query: URLSearchParams) => `<input type="hidden" name="query" value="${escape(query.toString())}">`;

export const signInPage = (query: URLSearchParams, sellers: Iterable<Seller>) =>
  page(
    'Sign in to Square',
    `<form method="post" action="/oauth2/authorize">${hidden(query)}
<p><label for="seller">Seller account</label>
<select id="seller" name="merchant_id">${[...sellers]
      .map(({ merchantID, businessName }) => `<option value="${escape(merchantID)}">${escape(businessName)}</option>`)
      .join('')}</select></p>
<p><button name="decision" value="sign-in">Sign in</button></p></form>`,
  );

export interface Consent {
  readonly query: URLSearchParams;
  readonly application: string;
  readonly seller: Seller;
  readonly scopes: readonly string[];
}

export const consentPage = ({ query, application, seller, scopes }: Consent) =>
  page(
    `${application} asks for access to ${seller.businessName}`,
    `<p id="scopes">It wants these permissions:</p>
<ul aria-labelledby="scopes">${scopes.map((scope) => `<li>${escape(scope)}</li>`).join('')}</ul>
<form method="post" action="/oauth2/authorize">${hidden(query)}
<input type="hidden" name="merchant_id" value="${escape(seller.merchantID)}">
<p><button name="decision" value="allow">Allow</button> <button name="decision" value="deny">Deny</button></p></form>`,
  );
