/** What a permission of Square lets the application do, as the end of the sentence "It may …" (Square, "OAuth permissions"). */
const sentences: Readonly<Record<string, string>> = {
  ADDON_CONFIGURATIONS_READ: 'see the settings of your add-ons',
  ADDON_CONFIGURATIONS_WRITE: 'change the settings of your add-ons',
  APPOINTMENTS_ALL_READ: 'see all of your appointments and their details',
  APPOINTMENTS_ALL_WRITE: 'make, change and cancel all of your appointments',
  APPOINTMENTS_BUSINESS_SETTINGS_READ: 'see your booking settings',
  APPOINTMENTS_READ: 'see appointments',
  APPOINTMENTS_WRITE: 'make, change and cancel appointments',
  BANK_ACCOUNTS_READ: 'see which bank accounts you have linked, without full account numbers',
  CASH_DRAWER_READ: 'see your cash drawer shifts',
  CHANNELS_CREATE: 'add sales channels',
  CHANNELS_READ: 'see your sales channels',
  CHANNELS_UPDATE: 'change your sales channels',
  CUSTOMERS_READ: 'see your customers and their contact details',
  CUSTOMERS_WRITE: 'add, change and delete customers',
  DEVICES_READ: 'see your Square devices',
  DEVICE_CREDENTIAL_MANAGEMENT: 'pair Square Terminals with this application',
  DISCOUNT_CODES_READ: 'see your discount codes',
  DISCOUNT_CODES_WRITE: 'make and change discount codes',
  DISPUTES_READ: 'see payment disputes',
  DISPUTES_WRITE: 'answer payment disputes and add evidence',
  EMPLOYEES_READ: 'see your team members',
  EMPLOYEES_WRITE: 'add and change team members',
  GIFTCARDS_READ: 'see gift cards and their balances',
  GIFTCARDS_WRITE: 'sell and change gift cards',
  INVENTORY_READ: 'see your stock counts',
  INVENTORY_WRITE: 'change your stock counts',
  INVOICES_READ: 'see your invoices',
  INVOICES_WRITE: 'make, send and cancel invoices',
  ITEMS_READ: 'see your items and prices',
  ITEMS_WRITE: 'add, change and delete items and prices',
  LOYALTY_READ: 'see your loyalty programme and its members',
  LOYALTY_WRITE: 'enrol loyalty members and change their points',
  MERCHANT_PROFILE_READ: 'see your business name and locations',
  MERCHANT_PROFILE_WRITE: 'change your business details and locations',
  ONLINE_STORE_SITE_READ: 'see your Square Online sites',
  ONLINE_STORE_SNIPPETS_READ: 'see the code snippets on your Square Online sites',
  ONLINE_STORE_SNIPPETS_WRITE: 'change the code snippets on your Square Online sites',
  ORDERS_READ: 'see your orders',
  ORDERS_WRITE: 'make and change orders',
  PAYMENTS_READ: 'see your payments and refunds',
  PAYMENTS_WRITE: 'take payments and give refunds',
  PAYMENTS_WRITE_ADDITIONAL_RECIPIENTS: 'take payments of which a part goes to others',
  PAYMENTS_WRITE_IN_PERSON: 'take payments in person',
  PAYMENTS_WRITE_SHARED_ONFILE: 'take payments from cards that customers have left on file',
  PAYOUTS_READ: 'see payouts to your bank account',
  PERMISSION_SETS_READ: 'see what your team members are allowed to do',
  PERMISSION_SETS_WRITE: 'change what your team members are allowed to do',
  RESERVATIONS_READ: 'see table reservations',
  RESERVATIONS_WRITE: 'make and change table reservations',
  RESTAURANT_CHECKS_READ: 'see restaurant checks',
  SETTLEMENTS_READ: 'see deposits to your bank account',
  SUBSCRIPTIONS_READ: 'see subscriptions of your customers',
  SUBSCRIPTIONS_WRITE: 'start, change and cancel subscriptions of your customers',
  TIMECARDS_READ: 'see working hours of your team',
  TIMECARDS_SETTINGS_READ: 'see your settings for breaks and working weeks',
  TIMECARDS_SETTINGS_WRITE: 'change your settings for breaks and working weeks',
  TIMECARDS_WRITE: 'record and change working hours of your team',
  VENDOR_READ: 'see your suppliers',
  VENDOR_WRITE: 'add and change suppliers',
};

export interface PermissionWords {
  readonly name: string;
  /** Absent for a permission that we know only by name: Square adds new ones. */
  readonly may?: string;
  /** Whether it changes something, and does not only look. */
  readonly changes: boolean;
}

/** Permissions in plain words, each once: those that only look first, unknown ones last. */
export function permissionsInWords(scopes: readonly string[]): PermissionWords[] {
  const words = [...new Set(scopes)].map((name): PermissionWords => {
    const may = Object.hasOwn(sentences, name) ? sentences[name] : undefined;
    return { name, ...(may !== undefined && { may }), changes: may !== undefined && !may.startsWith('see ') };
  });
  const order = ({ may, changes }: PermissionWords) => (may === undefined ? 2 : changes ? 1 : 0);
  return words.sort((a, b) => order(a) - order(b) || a.name.localeCompare(b.name));
}

export const knownPermissions: readonly string[] = Object.keys(sentences);
