/** The page of the development server is opened at the address, and not at `localhost`. */
export default {
  allowedDevOrigins: ['127.0.0.1'],
  turbopack: { root: import.meta.dirname },
}
