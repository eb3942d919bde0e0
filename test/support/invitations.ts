import type { Simulator } from '../simulator/simulator.ts';
import { aConnection, anApplication, aSecret, textsOf } from './objects.ts';
import type { App, Scene } from './scene.ts';
import type { World } from './world.ts';

type Environment = 'Production' | 'Sandbox';

export interface ApplicationWish {
  readonly environment?: Environment;
  readonly flow?: 'Code' | 'PKCE';
  readonly scopes?: readonly string[];
}

/** Somebody with an account at Square. */
export interface Seller {
  readonly merchantID: string;
  readonly businessName: string;
}

/** What has to be there before a seller signs in. */
export interface Invitations {
  /** An application whose callback is the operator's. */
  application(wish?: ApplicationWish): Promise<App>;
  seller(environment?: Environment): Seller;
  /** A connection that waits for its seller. */
  awaiting(app: App, spec?: object): Promise<string>;
  /** A link for the seller, asked for as the platform team does; the one before ends. */
  link(connection: string): Promise<string>;
  /** The link that is in its Secret. */
  linkOf(connection: string): string | undefined;
}

export function createInvitations(world: World, scene: Scene): Invitations {
  let made = 0;
  const squareOf = (environment: Environment = 'Production'): Simulator =>
    environment === 'Production' ? world.square : world.sandbox;
  const linkOf = (connection: string) => textsOf(scene.secret(`${connection}-connect-link`) ?? {})['url'];
  return {
    async application({
      environment = 'Production',
      flow = 'Code',
      scopes = ['MERCHANT_PROFILE_READ', 'PAYMENTS_READ'],
    } = {}) {
      const { namespace, frontDoor } = world;
      const name = `app-${++made}`;
      const redirectURL = `${frontDoor?.url}/oauth/callback`;
      const { clientID, clientSecret } = squareOf(environment).addApplication({ name, redirectURL });
      await scene.create('secrets', aSecret(namespace, `${name}-client`, { 'client-secret': clientSecret }));
      const spec = { clientID, environment, flow, scopes: [...scopes] };
      await scene.create('applications', anApplication(namespace, name, spec));
      return { name, namespace, clientID, clientSecret };
    },
    seller: (environment) => squareOf(environment).addSeller({ businessName: `Bakery ${++made}` }),
    async awaiting(app, spec = {}) {
      const name = `connection-${++made}`;
      const whole = { applicationRef: { name: app.name }, ...spec };
      await scene.create('connections', aConnection(world.namespace, name, whole));
      await scene.becomes(name, { Ready: 'False/AwaitingAuthorization' });
      return name;
    },
    async link(connection) {
      const before = linkOf(connection);
      await scene.request(connection, 'connect');
      return await world.live.until(`a link for ${connection}`, () => {
        const link = linkOf(connection);
        return link !== before && link;
      });
    },
    linkOf,
  };
}
