// The page asks for itself again and changes in place only what is different: scroll, focus and
// an open table stay as they are, bars grow.
const { askEveryMs, staleAfterMs } = document.body.dataset
let tag = '""'

const change = (old, now) => {
  const [before, after] = [[...old.childNodes], [...now.childNodes]]
  if (old.nodeName !== now.nodeName || before.length !== after.length) return old.replaceWith(now)
  if (old.nodeType === Node.TEXT_NODE && old.data !== now.data) old.data = now.data
  for (const { name, value } of now.attributes ?? [])
    if (old.getAttribute(name) !== value) old.setAttribute(name, value)
  for (const { name } of [...(old.attributes ?? [])])
    if (name !== 'open' && !now.hasAttribute(name)) old.removeAttribute(name)
  before.forEach((child, place) => change(child, after[place]))
}

const ask = async () => {
  try {
    const answer = await fetch(location.href, {
      cache: 'no-store', headers: { 'If-None-Match': tag }, signal: AbortSignal.timeout(+staleAfterMs),
    })
    if (answer.status === 200) {
      const page = new DOMParser().parseFromString(await answer.text(), 'text/html')
      change(document.querySelector('main'), page.querySelector('main'))
      document.title = page.title
      tag = answer.headers.get('ETag')
    } else if (answer.status !== 304) throw answer
    document.querySelector('time').textContent = answer.headers.get('As-Of')
    document.body.classList.remove('stale')
  } catch {
    document.body.classList.add('stale')
  }
  setTimeout(ask, askEveryMs * (document.hidden ? 10 : 1))
}
setTimeout(ask, +askEveryMs)
