// What augmentation really shows the network: one training picture, epoch by epoch, drawn by the code of training with its own randomness.
import { html, useEffect, useState } from "../parts/html.js";
import { useAnswer } from "../parts/api.js";
import { put } from "../parts/router.js";
import { ColourLegend } from "../parts/colour-legend.js";
import { Field } from "../parts/field.js";
import { Wrong } from "../parts/show.js";
import { source } from "./thumb.js";

const EPOCHS = 11;
const REST_MS = 200;

// The last value that stayed for a moment: not every key that is pressed asks the server.
function useRested(value) {
  const [rested, setRested] = useState(value);
  useEffect(() => {
    const timer = setTimeout(() => setRested(value), REST_MS);
    return () => clearTimeout(timer);
  }, [value]);
  return rested;
}

// What changes the pictures that training shows, the changes themselves first.
function offered(fields, mixes) {
  const last = [...(mixes ? ["train.mixup"] : []), "train.seed", "network"];
  return [...fields.filter((field) => field.name.startsWith("augment.")), ...last.map((name) => fields.find((field) => field.name === name))];
}

export function Varied({ found, query }) {
  const form = useAnswer("/api/recipe");
  const fields = form.value ? offered(form.value.parts.flatMap((part) => part.fields), found.kind === "classify") : [];
  const given = Object.fromEntries(fields.map((field) => [field.name, query.get(field.name) || ""]).filter(([, value]) => value));
  const row = query.get("picture");
  const asked = useRested(new URLSearchParams({ task: found.task, ...(row === null ? {} : { row }), ...given }).toString());
  const { value, error } = useAnswer(`/api/audit/${found.id}/varied?${asked}`);
  const first = Math.max(1, Number(query.get("epoch")) || 1);
  return html`
    <h2>What the network is shown</h2>
    <p>First the picture as it is stored, then as each epoch shows it: the code of training, with the randomness of training.
      ${" "}${found.kind === "classify" ? "Whatever you could not name in them, the network has to learn nevertheless; then vary less." : "Boxes and masks are drawn as they are taught: they follow the picture."}</p>
    <div class="vary-page">
      <section class="varied-seen" aria-labelledby="shown-title">
        <h3 id="shown-title" class="hidden">Epochs</h3>
        ${value ? html`<${Shown} found=${found} value=${value} first=${first} />` : html`<p class="note" role="status">Loading …</p>`}
        <${Wrong} text=${error || form.error} />
      </section>
      <section aria-labelledby="settings-title">
        <h3 id="settings-title">Settings</h3>
        <p class="note">Auto is what a training of this set would choose.</p>
        <div class="fields">${fields.map((field) => html`<${Field} key=${field.name} field=${{ ...field, default: automatic(field, value) }} value=${given[field.name] || ""}
          change=${(text) => put({ [field.name]: text })} wrong=${error !== "" && error.includes(field.name)} />`)}</div>
        <p><a class="button main" href=${`/?${new URLSearchParams({ data: found.id, ...(found.task ? { "data.task": found.task } : {}), ...given })}`}>Train with these settings</a></p>
      </section>
    </div>`;
}

function automatic(field, value) {
  if (!value || field.default !== "auto") return field.default;
  return field.name in value.settings ? "auto" : `auto: ${value.auto[field.name]}`;
}

function Shown({ found, value, first }) {
  const one = value.trained ? value.picture : value.rows[0];
  const at = (epoch) => `/api/audit/${found.id}/varied/${one.row}/${epoch}.png?${new URLSearchParams({ task: found.task, v: found.stamp, ...value.settings })}`;
  const turn = (next) => put({ epoch: next > 1 ? next : "" });
  if (!one) return html`<p>There is no picture to train on.</p>`;
  const epochs = Array.from({ length: EPOCHS }, (_, i) => first + i);
  return html`
    <p role="status" class="varied-said">${value.said}</p>
    ${value.picture && !value.trained ? html`<p class="warning">${value.picture.name} is not among the training pictures, so it is never varied. Another one is shown.</p>` : null}
    <p><strong>${one.label}</strong> <span class="note">${one.name}, number ${one.row}</span></p>
    <${ColourLegend} colours=${found.colours} />
    <ul class=${`picture-grid plain epoch-draws ${found.kind === "classify" ? "" : "drawn"}`}>${[0, ...epochs].map((epoch) => html`<li key=${epoch}><figure>
      <img class="sharp" src=${at(epoch)} alt=${epoch ? `${one.label}, epoch ${epoch}` : `${one.label}, as stored`} width="260" height="260" />
      <figcaption>${epoch ? `epoch ${epoch}` : html`<strong>stored</strong>`}</figcaption></figure></li>`)}</ul>
    <div class="row"><button type="button" class="button" disabled=${first === 1} onClick=${() => turn(Math.max(1, first - EPOCHS))}>Earlier epochs</button>
      <button type="button" class="button" onClick=${() => turn(first + EPOCHS)}>Later epochs</button></div>
    <h3>Another picture</h3>
    <ul class="plain thumb-strip">${value.rows.map((each) => html`<li key=${each.row}><button type="button" class="thumb-choose" aria-pressed=${each.row === one.row} aria-label=${`${each.label}: ${each.name}`}
      onClick=${() => put({ picture: each.row })}><img class="sharp" src=${source(found, each.row, { side: 120 })} alt="" width="72" height="72" /></button></li>`)}</ul>
    <p class="note">Or open any training picture from <a href=${`/data/${found.id}?${new URLSearchParams({ ...(found.task ? { task: found.task } : {}), part: "pictures", side: "train" })}`}>all pictures</a>.</p>`;
}
