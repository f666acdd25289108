/** Styles, which Vite gathers into one sheet. */
declare module '*.css'
