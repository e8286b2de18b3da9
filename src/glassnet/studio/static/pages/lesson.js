// One lesson: what it teaches, something to try it on, and questions. Its body is static/lessons/NAME.js, which gets { lesson, run, query }.
import { html, useEffect, useState } from "../parts/html.js";
import { useAnswer } from "../parts/api.js";
import { Wrong } from "../parts/show.js";
import { Questions } from "../lessons/parts/questions.js";
import { RunChoice, chosen } from "../lessons/parts/run.js";

export default function LessonPage({ name, query }) {
  const all = useAnswer("/api/lessons");
  const { value: lesson, error } = useAnswer(`/api/lessons/${encodeURIComponent(name)}`);
  const run = chosen(query);
  const order = all.value ? all.value.lessons : [];
  const at = order.findIndex((one) => one.name === name);
  useEffect(() => {
    if (lesson) document.title = `${lesson.title} · Glassnet studio`;
  }, [lesson]);
  if (error) return html`<h1>Lesson</h1><${Wrong} text=${error} /><p><a href="/lessons">All lessons</a></p>`;
  if (!lesson) return html`<h1>Lesson</h1><p class="note" role="status">Loading …</p>`;
  const kept = query.get("run") ? `?run=${query.get("run")}` : "";
  return html`
    <p class="note crumbs"><a href=${`/lessons${kept}`}>Lessons</a>${at >= 0 ? html` / ${at + 1} of ${order.length}` : ""}</p>
    <h1>${lesson.title}</h1>
    <p class="lead">${lesson.teaches}</p>
    <${RunChoice} runs=${all.value ? all.value.runs : null} run=${run} />
    <${Body} key=${`${name} ${run}`} name=${name} lesson=${lesson} run=${run} query=${query} />
    <${Questions} key=${`questions ${name} ${run}`} lesson=${name} run=${run} query=${query} />
    <${Ways} order=${order} at=${at} kept=${kept} />`;
}

function Body({ name, lesson, run, query }) {
  const [found, setFound] = useState({ Shown: null, error: "" });
  useEffect(() => {
    import(`../lessons/${name}.js`).then((module) => setFound({ Shown: module.default, error: "" }),
      (wrong) => setFound({ Shown: null, error: `This lesson could not be loaded. ${wrong}` }));
  }, [name]);
  const { Shown, error } = found;
  return html`<div class="lesson" aria-busy=${!Shown && !error}>${Shown ? html`<${Shown} lesson=${lesson} run=${run} query=${query} />`
    : error ? html`<${Wrong} text=${error} />` : html`<p class="note" role="status">Loading …</p>`}</div>`;
}

function Ways({ order, at, kept }) {
  const [before, after] = [order[at - 1], at >= 0 ? order[at + 1] : null];
  return html`<nav class="lesson-ways" aria-label="Other lessons">
    ${before ? html`<a class="button" href=${`/lesson/${before.name}${kept}`}><span aria-hidden="true">← </span>${before.title}</a>` : html`<span></span>`}
    ${after ? html`<a class="button main" href=${`/lesson/${after.name}${kept}`}>${after.title}<span aria-hidden="true"> →</span></a>` : html`<span></span>`}
  </nav>`;
}
