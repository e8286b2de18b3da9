// The training pictures that the network holds to be most alike. Each opens in the glass.
import { html } from "../parts/html.js";
import { question, useAsking } from "./why-asking.js";
import { Looked, to, Unless } from "./why-excites.js";
import { Working } from "./why-working.js";

export default function Nearest({ run, source }) {
  const { value, error, busy, told } = useAsking(question(run, "nearest", source));
  return html`<p>Training pictures whose last features, before the vote, point in the most similar direction (cosine: 1 is the same direction). If they are of another class than this picture, that is where a mistake comes from.</p>
    <${Working} busy=${busy} told=${told} what="Looking through the training pictures" />
    <${Unless} error=${error} />
    ${value ? html`<ol class="why-crops plain">${value.pictures.map((each) => html`<li key=${each.number}>
        <a href=${to({ picture: each.number })}><span class="cropped"><img class="pixels" src=${`/api/why/${run}/taught/${each.number}.png`} alt=${`${each.name}${each.label ? `, ${each.label}` : ""}`} /></span>
          <strong class="tabular">${each.similarity.toFixed(3)}</strong>${each.label ? html` ${each.label}` : null}<span class="note">${each.name}</span></a></li>`)}</ol>
      <p class="note">Compared in ${value.layer}.</p><${Looked} value=${value} />` : null}`;
}
