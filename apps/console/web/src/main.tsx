import { render } from 'preact';
import { App } from './app/app.js';
import { applyTheme, chosenTheme } from './app/theme.js';
import './style/tokens.css';
import './style/page.css';
import './style/components.css';

applyTheme(chosenTheme());
const root = document.getElementById('app');
if (root !== null) render(<App />, root);
