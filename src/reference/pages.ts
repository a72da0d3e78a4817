/** The pages of docs/reference, each made of what it is about, so that none can say what is no longer so. */
import { auditPage } from './audit-page.js';
import { commandLinePage } from './command-line-page.js';
import { contractsPage } from './contracts-page.js';
import { propertiesPage } from './properties-page.js';

const NOTE = '<!-- Made by `npm run build:docs` of the code: change that, not this file. -->\n\n';

/** File name -> its text. */
export async function referencePages(): Promise<Record<string, string>> {
  const pages = {
    'audit.md': auditPage(),
    'command-line.md': await commandLinePage(),
    'contracts.md': contractsPage(),
    'properties.md': propertiesPage(),
  };
  return Object.fromEntries(Object.entries(pages).map(([name, text]) => [name, `${NOTE}${text}`]));
}
