import type { Instant } from '../clock.ts';

/** A connection as pages know it. The UID tells a later connection of the same name from it. */
export interface ConnectionRef {
  readonly namespace: string;
  readonly name: string;
  readonly uid: string;
}

/** Sellers signing in, without HTTP and HTML: on whichever replica, the leader or not. */
export interface SignIns {
  /** Makes an authorization request for this connection. Asks nothing of Square and changes nothing. Never rejects. */
  begin(ref: ConnectionRef): Promise<Began>;
  /** Ends it. Never rejects, and never harms a grant that is held. Resolves within about a minute. */
  complete(callback: Callback, cookie: string | undefined): Promise<SignInOutcome>;
}

export type Began =
  | {
      readonly ok: true;
      /** Square's page, to send the browser to. */
      readonly location: string;
      /**
       * To be set on the browser until `expiresAt`, `HttpOnly` and `SameSite=Lax`: sealed, it holds state and PKCE verifier. A
       * later `begin` in the same browser replaces it, and then only that one can be completed.
       */
      readonly cookie: string;
      /** Of the wall clock: ten minutes ahead. */
      readonly expiresAt: Instant;
    }
  | { readonly ok: false; readonly why: CannotSignIn; readonly message: string };

/** Why nobody can sign in for a connection now. The message beside it is for the platform team, and holds no secret. */
export type CannotSignIn =
  /** Deleted, on its way out, or another of the same name by now. */
  | 'ConnectionGone'
  | 'SpecInvalid'
  | 'Suspended'
  /** It gets its token from a Secret, for good. */
  | 'PersonalAccessToken'
  /** The application is missing, does not allow the connection, or lacks what it needs. */
  | 'ApplicationNotReady'
  /** What is sealed for the connection is not to be replaced. */
  | 'GrantBlocked'
  /** More were begun within an hour than anybody needs. */
  | 'TooManySignIns';

/** The query of the callback, as it came. */
export interface Callback {
  readonly state?: string | undefined;
  readonly code?: string | undefined;
  readonly error?: string | undefined;
}

/** What became of a sign-in. `connection` is there whenever the cookie could be read. */
export type SignInOutcome =
  /**
   * The grant is stored in the cluster: the controller takes it up within seconds, or once the connection is resumed.
   * `issuedAt`: its access token's, by Square's time.
   */
  | {
      readonly kind: 'Connected';
      readonly connection: ConnectionRef;
      readonly issuedAt: Instant;
      readonly merchantID?: string;
    }
  /** The seller said no, or Square ended it with another `error`. */
  | { readonly kind: 'Denied'; readonly connection: ConnectionRef }
  /** This sign-in was completed before: reload, back button, double click, or a code that was copied. */
  | { readonly kind: 'AlreadyUsed'; readonly connection: ConnectionRef }
  /** More than ten minutes since it was begun. */
  | { readonly kind: 'Expired'; readonly connection?: ConnectionRef }
  /** No cookie, or not the one of this sign-in: another browser, or a later sign-in in this one. */
  | { readonly kind: 'OtherBrowser'; readonly connection?: ConnectionRef }
  /** Another seller than the one that the connection is for. Nothing was stored. */
  | { readonly kind: 'OtherMerchant'; readonly connection: ConnectionRef }
  /** Square did not take the code: used up, late, or never given. */
  | { readonly kind: 'CodeRefused'; readonly connection: ConnectionRef }
  /** Square could not be asked, or no answer came: the code may be used up. */
  | { readonly kind: 'SquareUnreachable'; readonly connection: ConnectionRef; readonly message: string }
  /** Square answered, and not with a token. */
  | { readonly kind: 'SquareRefused'; readonly connection: ConnectionRef; readonly message: string }
  /** Square refused the application's client secret: the platform team's to mend. */
  | { readonly kind: 'ApplicationFault'; readonly connection: ConnectionRef; readonly message: string }
  | {
      readonly kind: 'Refused';
      readonly connection: ConnectionRef;
      readonly why: CannotSignIn;
      readonly message: string;
    }
  /**
   * The cluster did not take a write. `safe`: Square's answer is in the journal and is stored as soon as the cluster takes
   * it; otherwise the code was not used, and the seller signs in again.
   */
  | { readonly kind: 'NotStored'; readonly connection: ConnectionRef; readonly safe: false }
  | {
      readonly kind: 'NotStored';
      readonly connection: ConnectionRef;
      readonly safe: true;
      readonly merchantID?: string;
    };
