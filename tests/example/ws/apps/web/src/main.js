import { dot } from "../../../packages/shapes/dist/shapes.js";
import { accent } from "../../../packages/tokens/dist/tokens.js";

const app = document.querySelector("#app");
app.innerHTML = `${dot} <h1 style="color: ${accent}">Hello from the cache</h1>`;
