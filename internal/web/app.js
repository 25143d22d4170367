"use strict";
// Copy buttons, the age of what is shown, and changes as they come. The page is complete without.
const say = (text) => { document.getElementById("say").textContent = text; };

function buttons(root) {
  for (const b of root.querySelectorAll("[data-copy]")) b.hidden = false;
}
document.addEventListener("click", (event) => {
  const b = event.target.closest("[data-copy]");
  if (b) navigator.clipboard.writeText(b.dataset.copy).then(() => say("Copied"), () => say("It could not be copied"));
});

// The age counts on from what the server said, whatever this machine's clock says.
let since = performance.now();
function age() {
  const at = document.querySelector(".age");
  if (!at) return;
  const s = Number(at.dataset.ago) + Math.round((performance.now() - since) / 1000);
  at.textContent = s < 90 ? `${s} s ago` : s < 5400 ? `${Math.round(s / 60)} min ago` : `${Math.round(s / 3600)} h ago`;
}

// morph makes one element like another, and keeps every node that is the same: so focus,
// selection, scroll positions and opened details stay.
function morph(old, now) {
  if (old.nodeType !== now.nodeType || old.nodeName !== now.nodeName || old.id !== now.id) return old.replaceWith(document.importNode(now, true));
  if (old.nodeType !== Node.ELEMENT_NODE) {
    if (old.data !== now.data) old.data = now.data;
    return;
  }
  if (old.isEqualNode(now)) return;
  for (const { name } of [...old.attributes]) if (!now.hasAttribute(name) && name !== "open") old.removeAttribute(name);
  for (const { name, value } of now.attributes) if (name !== "open" && old.getAttribute(name) !== value) old.setAttribute(name, value);
  const next = [...now.childNodes];
  while (old.childNodes.length > next.length) old.lastChild.remove();
  next.forEach((child, i) => i < old.childNodes.length ? morph(old.childNodes[i], child) : old.append(document.importNode(child, true)));
}

async function refresh() {
  const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
  if (!answer.ok) return late();
  const page = new DOMParser().parseFromString(await answer.text(), "text/html");
  buttons(page); // before: what is hidden for a moment loses the focus
  for (const id of ["top", "main"]) morph(document.getElementById(id), page.getElementById(id));
  document.title = page.title;
  document.querySelector("link[rel=icon]").href = page.querySelector("link[rel=icon]").href;
  since = performance.now();
  age();
}

function late() { document.getElementById("fresh").classList.add("stale"); }

buttons(document);
age();
setInterval(age, 1000);
if (document.documentElement.hasAttribute("data-live")) {
  const root = new URL(document.querySelector("link[rel=stylesheet]").href.replace("style.css", "events"));
  let heard = performance.now(), gone = false;
  const events = new EventSource(root);
  const alive = () => {
    heard = performance.now();
    if (gone) { gone = false; refresh(); }
  };
  events.addEventListener("alive", alive);
  events.addEventListener("change", () => { alive(); refresh().catch(late); });
  setInterval(() => { if (performance.now() - heard > 12000) { gone = true; late(); } }, 1000);
}
