/**
 * The rules when no file is given: those of Socorro's that are no one's policy (socorro.md §4.6: the product list,
 * rules 7, 8 and 16). Without a product list everything is accepted; the names tell why in outcomes and metrics.
 */
export function builtInRules(products: readonly string[]): readonly object[] {
  const productList = [
    {
      name: 'unsupported_product',
      when: { not: { field: 'product', is: products } },
      result: 'reject',
    },
  ];
  return [
    ...(products.length > 0 ? productList : []),
    { name: 'throttleable_0', when: { field: 'Throttleable', is: '0' }, result: 'accept' },
    { name: 'has_comments', when: { field: 'Comments', exists: true }, result: 'accept' },
    { name: 'accept_everything', when: { always: true }, result: 'accept' },
  ];
}
