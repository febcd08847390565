import { describe, expect, it } from 'vitest';
import { bugReferences, readListText } from '../../src/signature/list-text.ts';

describe('comments of a list', () => {
  it('belong to the patterns below, up to an empty line or the next comment', () => {
    const text = ['# ---- heading', '', '# bug 12: first', '# and more', 'a', ' b ', '', 'c', '# other', 'd'];
    expect(readListText(text.join('\r\n'))).toEqual([
      { line: 5, pattern: 'a', comment: 'bug 12: first and more', bugs: [{ text: 'bug 12' }] },
      { line: 6, pattern: 'b', comment: 'bug 12: first and more', bugs: [{ text: 'bug 12' }] },
      { line: 8, pattern: 'c', bugs: [] },
      { line: 10, pattern: 'd', comment: 'other', bugs: [] },
    ]);
  });

  it('that are empty say nothing', () => {
    expect(readListText('#\na')).toEqual([{ line: 2, pattern: 'a', bugs: [] }]);
  });
});

describe('bug references', () => {
  it.each([
    ['see bug 12345', [{ text: 'bug 12345' }]],
    ['Bug #7, bug: 8', [{ text: 'Bug #7' }, { text: 'bug: 8' }]],
    ['LP: #99', [{ text: 'LP: #99', url: 'https://bugs.launchpad.net/bugs/99' }]],
    ['rhbz#5', [{ text: 'rhbz#5', url: 'https://bugzilla.redhat.com/show_bug.cgi?id=5' }]],
    ['(bmo 6)', [{ text: 'bmo 6', url: 'https://bugzilla.mozilla.org/show_bug.cgi?id=6' }]],
    [
      'as in https://example.org/a?b=1#c, and <http://x/y>.',
      [
        { text: 'https://example.org/a?b=1#c', url: 'https://example.org/a?b=1#c' },
        { text: 'http://x/y', url: 'http://x/y' },
      ],
    ],
    ['twice bug 1, bug 1', [{ text: 'bug 1' }]],
    ['debug 12, bugs, bug x, javascript:alert(1)', []],
  ])('%s', (comment, expected) => {
    expect(bugReferences(comment)).toEqual(expected);
  });
});
