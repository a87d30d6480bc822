/* What somebody has who uses the page by keyboard alone: Tab, and what is seen of where it stops. */
import assert from 'node:assert/strict';
import type { Page } from 'playwright-core';

export interface Focused {
  readonly tag: string;
  readonly name: string;
  /** A ring that is drawn around it. */
  readonly ring: boolean;
  /** It can be seen: neither beyond the edge of the window nor below something. */
  readonly inSight: boolean;
  readonly inDialog: boolean;
}

const FOCUSED = `(() => {
  const element = document.activeElement;
  const style = getComputedStyle(element);
  const box = element.getBoundingClientRect();
  const label = element.labels?.[0]?.textContent;
  const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  return {
    tag: element.tagName,
    name: (element.getAttribute('aria-label') ?? label ?? element.textContent).trim(),
    ring: style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 2,
    inSight: top !== null && (element.contains(top) || top.contains(element)),
    inDialog: element.closest('dialog') !== null,
  };
})()`;
const STOPS_MAX = 150;

export function focused(page: Page): Promise<Focused> {
  return page.evaluate(FOCUSED);
}

/** On from where focus is, by Tab alone. Every stop on the way must have a name and a ring and be in sight. */
export async function tabTo(page: Page, name: string | RegExp, key: 'Tab' | 'Shift+Tab' = 'Tab'): Promise<void> {
  const passed: string[] = [];
  for (let stop = 0; stop < STOPS_MAX; stop++) {
    await page.keyboard.press(key);
    const at = await focused(page);
    if (at.tag === 'BODY') continue;
    assertIsClear(at);
    if (typeof name === 'string' ? at.name === name : name.test(at.name)) return;
    passed.push(at.name);
  }
  assert.fail(`${name} is not among what Tab stops at: ${passed.slice(0, 80).join(' | ')}`);
}

/** All that Tab stops at, once around. */
export async function stopsOf(page: Page): Promise<readonly Focused[]> {
  const stops: Focused[] = [];
  for (let stop = 0; stop < STOPS_MAX; stop++) {
    await page.keyboard.press('Tab');
    const at = await focused(page);
    if (at.tag === 'BODY') break;
    assertIsClear(at);
    stops.push(at);
  }
  return stops;
}

function assertIsClear(at: Focused): void {
  assert.notEqual(at.name, '', `a ${at.tag} without a name`);
  assert.ok(at.ring, `no ring around ${at.tag} "${at.name}"`);
  assert.ok(at.inSight, `${at.tag} "${at.name}" has focus and cannot be seen`);
}

const ROLES_WITH_NAMES = new Set([
  'button',
  'link',
  'textbox',
  'searchbox',
  'checkbox',
  'combobox',
  'Date',
  'DateTime',
]);

/** What a screen reader would say nothing of: controls whose computed name is empty. */
export async function namelessControls(page: Page): Promise<readonly string[]> {
  const session = await page.context().newCDPSession(page);
  const { nodes } = await session.send('Accessibility.getFullAXTree');
  await session.detach();
  return nodes
    .filter(({ ignored, role }) => !ignored && ROLES_WITH_NAMES.has(String(role?.value)))
    .filter(({ name }) => String(name?.value ?? '').trim() === '')
    .map(({ role, backendDOMNodeId }) => `${role?.value} ${backendDOMNodeId}`);
}

/** In the page: text that stands out less than it must, by the formula of WCAG 2. What cannot be pressed now may be pale. */
const PALE = `(() => {
  const parse = (text) => {
    const numbers = text.match(/-?[\\d.]+/g).map(Number);
    const scale = text.startsWith('color(') ? 255 : 1;
    return [numbers[0] * scale, numbers[1] * scale, numbers[2] * scale, numbers[3] ?? 1];
  };
  const over = (front, back) => [0, 1, 2].map((n) => front[n] * front[3] + back[n] * (1 - front[3]));
  const groundOf = (element) => {
    const layers = [];
    for (let at = element; at !== null; at = at.parentElement) {
      const color = parse(getComputedStyle(at).backgroundColor);
      if (color[3] > 0) layers.push(color);
      if (color[3] === 1) break;
    }
    return layers.reduceRight((back, front) => over(front, back), [255, 255, 255]);
  };
  const light = (color) => {
    const [r, g, b] = color.map((n) => n / 255).map((n) => (n <= 0.04045 ? n / 12.92 : ((n + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const ratio = (a, b) => (Math.max(light(a), light(b)) + 0.05) / (Math.min(light(a), light(b)) + 0.05);
  const found = new Set();
  const look = (element, color, text) => {
    const ground = groundOf(element);
    const is = ratio(over(parse(color), ground), ground);
    if (is < 4.5) found.add(text.trim().slice(0, 40) + ': ' + is.toFixed(2));
  };
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  let seen = 0;
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    const text = walker.currentNode.textContent;
    if (text.trim() === '' || !element.checkVisibility() || element.closest('[aria-disabled=true], noscript, script, style')) continue;
    seen++;
    look(element, getComputedStyle(element).color, text);
  }
  for (const field of document.querySelectorAll('[placeholder]')) {
    look(field, getComputedStyle(field, '::placeholder').color, field.placeholder);
  }
  return { seen, pale: [...found] };
})()`;

export function paleTexts(page: Page): Promise<{ readonly seen: number; readonly pale: readonly string[] }> {
  return page.evaluate(PALE);
}
