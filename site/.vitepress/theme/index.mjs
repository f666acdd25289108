import theme from 'vitepress/theme'
import './towpath.css'

// VitePress reads the default export.
export default theme
