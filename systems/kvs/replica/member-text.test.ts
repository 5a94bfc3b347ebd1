import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { memberText } from './member-text.ts';

describe('the text of a member', () => {
  it.each([
    ['{"value":1}', '1'],
    ['{"value":12345678901234567890.500e+10}', '12345678901234567890.500e+10'],
    ['{"value":null,"a":1}', 'null'],
    [' { "a" : [ "value" ] , "value" :\t{ "x" : [ 1 , 2 ] } , "b" : {} } ', '{ "x" : [ 1 , 2 ] }'],
    ['{"value":"a\\"}\\\\","b":2}', '"a\\"}\\\\"'],
    ['{"value":1,"value":[2]}', '[2]'],
    ['{"v\\u0061lue":true}', 'true'],
    ['{"value2":1,"valu":2,"x":{"value":3}}', undefined],
    ['{}', undefined],
    ['{"value": -1 }', '-1'],
    ['{"a":"value","value":false\n}', 'false'],
  ])('%s: %s', (text, expected) => {
    expect(memberText(text, 'value')).toBe(expected);
  });

  it('is what JSON.parse finds, whatever the object', () => {
    const json = fc.jsonValue({ maxDepth: 4 });
    const names = fc.oneof(fc.constant('value'), fc.string());
    fc.assert(
      fc.property(fc.dictionary(names, json), fc.constantFrom(0, 1, '\t \n'), (object, space) => {
        const text = JSON.stringify(object, null, space);
        const found = memberText(text, 'value');
        const expected = Object.hasOwn(object, 'value') ? JSON.stringify(object.value) : undefined;
        expect(found === undefined ? undefined : JSON.stringify(JSON.parse(found))).toBe(expected);
      }),
    );
  });
});
