/** `auxilio/signature`: the generator as a library, for Node. Browsers get `browser.ts`: the same without folders. */
export * from './library.ts';
export { type ListOptions, loadLists, parseLists } from './list-folder.ts';
