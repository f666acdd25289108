export default function handler(_request, response) {
  response.send('plain')
}
