import type { BrowserContextOptions, Page } from 'playwright-core';
import { group } from '../../src/api/names.ts';
import type { Simulator } from '../simulator/simulator.ts';
import { aConnection, anApplication, aSecret, textsOf } from '../support/objects.ts';
import type { App, Scene } from '../support/scene.ts';
import type { Visitor } from '../support/visitor.ts';
import type { World } from '../support/world.ts';

export interface ApplicationWish {
  readonly environment?: 'Production' | 'Sandbox';
  readonly flow?: 'Code' | 'PKCE';
  readonly scopes?: readonly string[];
}

/** Somebody with an account at Square. */
export interface Seller {
  readonly merchantID: string;
  readonly businessName: string;
}

/** What people do with browsers. */
export interface Stage {
  visitor(options?: BrowserContextOptions): Promise<Visitor>;
  /** The address of a page of ours. */
  address(path: string): string;
  /** The address of the page of a connection's seller. */
  page(connection: string): string;
  application(wish?: ApplicationWish): Promise<App>;
  seller(environment?: 'Production' | 'Sandbox'): Seller;
  /** A connection that waits for its seller. */
  awaiting(app: App, spec?: object): Promise<string>;
  /** A link for the seller, asked for as the platform team does. */
  link(connection: string): Promise<string>;
  /** A Kubernetes token of somebody who may do that with connections of the namespace. */
  token(verbs: readonly string[], audience?: string): Promise<string>;
}

export function createStage(world: World, scene: Scene, visitor: Stage['visitor']): Stage {
  let made = 0;
  const address = (path: string) => `${world.frontDoor?.url}${path}`;
  const linkIn = (connection: string) => {
    const secret = scene.secret(`${connection}-connect-link`);
    return secret === undefined ? undefined : textsOf(secret)['url'];
  };
  const squareOf = (environment: 'Production' | 'Sandbox' = 'Production'): Simulator =>
    environment === 'Production' ? world.square : world.sandbox;

  async function token(verbs: readonly string[], audience = 'square-operator'): Promise<string> {
    const { api, namespace } = world;
    const name = `person-${++made}`;
    const rbac = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}`;
    const accounts = `/api/v1/namespaces/${namespace}/serviceaccounts`;
    await api.ask('POST', accounts, { body: { metadata: { name } } });
    const rules = [{ apiGroups: [group], resources: ['squareconnections'], verbs }];
    await api.ask('POST', `${rbac}/roles`, { body: { metadata: { name }, rules: verbs.length === 0 ? [] : rules } });
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name };
    const subjects = [{ kind: 'ServiceAccount', name, namespace }];
    await api.ask('POST', `${rbac}/rolebindings`, { body: { metadata: { name }, roleRef, subjects } });
    const wanted = { body: { spec: { audiences: [audience] } } };
    const issued = await api.ask<{ status: { token: string } }>('POST', `${accounts}/${name}/token`, wanted);
    world.canaries.push(issued.status.token);
    return issued.status.token;
  }

  return {
    visitor,
    token,
    address,
    page: (connection) => address(`/connect/${world.namespace}/${connection}`),
    async application({
      environment = 'Production',
      flow = 'Code',
      scopes = ['MERCHANT_PROFILE_READ', 'PAYMENTS_READ'],
    } = {}) {
      const { namespace } = world;
      const name = `shop-${++made}`;
      const redirectURL = address('/oauth/callback');
      const { clientID, clientSecret } = squareOf(environment).addApplication({ name, redirectURL });
      await scene.create('secrets', aSecret(namespace, `${name}-client`, { 'client-secret': clientSecret }));
      await scene.create(
        'applications',
        anApplication(namespace, name, { clientID, environment, flow, scopes: [...scopes] }),
      );
      return { name, namespace, clientID, clientSecret };
    },
    seller: (environment) => squareOf(environment).addSeller({ businessName: `Bakery ${++made}` }),
    async awaiting(app, spec = {}) {
      const name = `connection-${++made}`;
      await scene.create(
        'connections',
        aConnection(world.namespace, name, { applicationRef: { name: app.name }, ...spec }),
      );
      await scene.becomes(name, { Ready: 'False/AwaitingAuthorization' });
      return name;
    },
    async link(connection) {
      const before = linkIn(connection);
      await scene.request(connection, 'connect');
      return await world.live.until(`a link for ${connection}`, () => {
        const link = linkIn(connection);
        return link !== before && link;
      });
    },
  };
}

/** Opens the link of a connection, and begins a sign-in from its page. */
export async function goToSquare({ page }: Visitor, link: string): Promise<void> {
  await page.goto(link);
  await page.getByRole('button', { name: /^Sign in (again )?with Square$/ }).click();
  await page.getByRole('button', { name: 'Sign in', exact: true }).waitFor();
}

/** At Square's page: who they are, and what they say. A seller who has allowed the application before is not asked. */
export async function decideAtSquare(page: Page, who: Seller, decision: 'Allow' | 'Deny' = 'Allow'): Promise<void> {
  await page.getByLabel('Seller account').selectOption(who.merchantID);
  await page.getByRole('button', { name: 'Sign in', exact: true }).click();
  const choice = page.getByRole('button', { name: decision, exact: true });
  await choice.or(page.locator('main#main')).first().waitFor();
  if (await choice.isVisible()) await choice.click();
}

/** The whole way from the link to the page that tells how it ended. */
export async function signIn(visitor: Visitor, link: string, who: Seller, decision?: 'Allow' | 'Deny'): Promise<void> {
  await goToSquare(visitor, link);
  await decideAtSquare(visitor.page, who, decision);
}

/** Signs in on the page of the platform team. */
export async function enter({ page }: Pick<Visitor, 'page'>, address: string, token: string): Promise<void> {
  await page.goto(address);
  await page.getByLabel(/^Token for the audience/).fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
}
