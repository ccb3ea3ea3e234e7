// Finds as one types: the form is asked for in the background, and what it found is put in place.
const form = document.querySelector('[data-find]')
let asking = new AbortController()

form?.addEventListener('input', async () => {
  asking.abort()
  asking = new AbortController()
  const address = `${form.action}?${new URLSearchParams(new FormData(form))}`
  try {
    const answer = await fetch(address, { signal: asking.signal })
    if (!answer.ok) throw answer
    const page = new DOMParser().parseFromString(await answer.text(), 'text/html')
    document.querySelector('#found').replaceWith(page.querySelector('#found'))
    history.replaceState(null, '', address)
  } catch (fault) {
    if (fault.name !== 'AbortError') form.submit()
  }
})
