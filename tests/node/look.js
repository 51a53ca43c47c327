// Shows HTML pages in a browser at several widths, light and dark, and tells what is wrong with how they look.
//
// Standard input: {"browser": path, "pages": {name: html}, "widths": [px], "shots": folder or null}.
// Prints a list of {page, width, scheme, overflow, cut, hidden, tiny, axe, loads}: `overflow` pixels that the page is
// wider than the window; `cut` elements that reach out of it; `hidden` elements with text that nobody can see; `tiny`
// ones below 12 px; `axe` the serious and critical findings of axe-core; `loads` addresses it tried to load.
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import axe from 'axe-core'
import { chromium } from 'playwright-core'

const HEIGHT = 900

/** Runs in the page. */
function measure() {
  const name = (element) => `${element.tagName.toLowerCase()}.${element.className}: ${element.textContent.slice(0, 40)}`
  const cut = [], hidden = [], tiny = []
  for (const element of document.body.querySelectorAll('*')) {
    const own = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim())
    if (!own || element.closest('[aria-hidden=true]')) continue
    const style = getComputedStyle(element)
    const box = element.getBoundingClientRect()
    const wanted = element.closest('.bars,.rep') === null // what phones can do without
    if (wanted && (!element.checkVisibility({ opacityProperty: true }) || box.width < 1 || box.height < 1)) hidden.push(name(element))
    if (box.right > innerWidth + 0.5 || box.left < -0.5) cut.push(name(element))
    if (wanted && Number.parseFloat(style.fontSize) < 12) tiny.push(name(element))
  }
  return { overflow: document.documentElement.scrollWidth - innerWidth, cut, hidden, tiny }
}

/** Runs in the page, too. */
async function check() {
  const { violations } = await globalThis.axe.run({ resultTypes: ['violations'], elementRef: false })
  return violations
    .filter(({ impact }) => impact === 'serious' || impact === 'critical')
    .map(({ id, nodes }) => ({ id, nodes: nodes.slice(0, 3).map(({ html, failureSummary }) => `${html} ${failureSummary}`) }))
}

const { browser: executablePath, pages, widths, shots } = JSON.parse(readFileSync(0, 'utf8'))
const browser = await chromium.launch({ executablePath, args: ['--no-sandbox', '--disable-gpu', '--disable-quic'] })
const found = []
const context = await browser.newContext({ offline: true })
for (const [page, html] of Object.entries(pages)) {
  const tab = await context.newPage()
  const loads = []
  tab.on('request', (request) => loads.push(request.url()))
  await tab.setContent(html)
  await tab.evaluate(axe.source)
  for (const scheme of ['light', 'dark']) {
    await tab.emulateMedia({ colorScheme: scheme })
    for (const width of widths) {
      await tab.setViewportSize({ width, height: HEIGHT })
      const seen = await tab.evaluate(measure)
      const serious = await tab.evaluate(check)
      if (shots) await tab.screenshot({ path: join(shots, `${page}-${width}-${scheme}.png`), fullPage: true })
      found.push({ page, width, scheme, ...seen, axe: serious, loads })
    }
  }
  await tab.close()
}
await browser.close()
console.log(JSON.stringify(found))
