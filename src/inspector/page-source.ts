/**
 * The script and the style of the page. Generated from `tools/inspector-page/` by
 * `npm run inspector`. Do not edit.
 */

/** The script: an ES module. */
export const PAGE_SCRIPT: string =
  '/*!\npreact 11.2.0\nThe MIT License (MIT)\n\nCopyright (c) 2015-present Jason Miller\n\nPe' +
  'rmission is hereby granted, free of charge, to any person obtaining a copy\nof this softwa' +
  're and associated documentation files (the "Software"), to deal\nin the Software without r' +
  'estriction, including without limitation the rights\nto use, copy, modify, merge, publish,' +
  ' distribute, sublicense, and/or sell\ncopies of the Software, and to permit persons to who' +
  'm the Software is\nfurnished to do so, subject to the following conditions:\n\nThe above c' +
  'opyright notice and this permission notice shall be included in all\ncopies or substantial' +
  ' portions of the Software.\n\nTHE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KI' +
  'ND, EXPRESS OR\nIMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,\n' +
  'FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE\nAUTHORS OR CO' +
  'PYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER\nLIABILITY, WHETHER IN AN ACTION' +
  ' OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,\nOUT OF OR IN CONNECTION WITH THE SOFTWARE ' +
  'OR THE USE OR OTHER DEALINGS IN THE\nSOFTWARE.\n\nuplot 1.6.32\nThe MIT License (MIT)\n\nC' +
  'opyright (c) 2022 Leon Sorokin\n\nPermission is hereby granted, free of charge, to any per' +
  'son obtaining a copy\nof this software and associated documentation files (the "Software")' +
  ', to deal\nin the Software without restriction, including without limitation the rights\nt' +
  'o use, copy, modify, merge, publish, distribute, sublicense, and/or sell\ncopies of the So' +
  'ftware, and to permit persons to whom the Software is\nfurnished to do so, subject to the ' +
  'following conditions:\n\nThe above copyright notice and this permission notice shall be in' +
  'cluded in\nall copies or substantial portions of the Software.\n\nTHE SOFTWARE IS PROVIDED' +
  ' "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR\nIMPLIED, INCLUDING BUT NOT LIMITED TO ' +
  'THE WARRANTIES OF MERCHANTABILITY,\nFITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. ' +
  'IN NO EVENT SHALL THE\nAUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OT' +
  'HER\nLIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,\nOUT OF' +
  ' OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN\nTHE SOFTWARE.\n*/\nva' +
  'r e,t,n,r,i,a,o,s,c,l,u=Symbol.for(`pv`),d={},f=[],p=/^m(i|n|o|s|text|space)$/,m=Array.isA' +
  'rray,h=f.slice,g=Object.assign;function _(e){e&&e.parentNode&&e.remove()}function v(n,r,i,' +
  'a,o){var s={type:n,props:r,key:i,ref:a,__k:null,__:null,__b:0,__e:null,__c:null,constructo' +
  'r:u,__v:o||++t,__i:-1,__u:0};return!o&&e.vnode&&e.vnode(s),s}function y(e){return e.childr' +
  'en}function b(e,t){this.props=e,this.context=t,this.__g=0}function x(e,t){if(t==null)retur' +
  'n e.__&&x(e.__,e.__i+1);for(var n;t<e.__k.length;t++)if((n=e.__k[t])&&n.__e)return n.__e;r' +
  'eturn typeof e.type!=`function`||e.props.__P?null:x(e)}function S(t){var n,r=t.__v,i=r.__e' +
  ',a=[],o=[],s=t.__P;s&&((n=g({constructor:u},r)).__v=r.__v+1,e.vnode&&e.vnode(n),te(s,n,r,t' +
  '.__n,s.namespaceURI,32&r.__u?[i]:null,a,i||x(r),32&r.__u,o),n.__v=r.__v,n.__.__k[n.__i]=n,' +
  'ie(a,n,o),r.__=r.__e=null,n.__e!=i&&C(n))}function C(e){if((e=e.__)&&e.__c&&!e.props.__P)r' +
  'eturn e.__e=null,e.__k.some(function(t){return t&&(e.__e=t.__e)}),C(e)}function w(t){(8&t.' +
  '__g||(t.__g|=8,n.push(t),i++))&&r==e.debounceRendering||((r=e.debounceRendering)||queueMic' +
  'rotask)(T)}function T(){try{for(var e,t=1;n.length;)n.length>t&&n.sort(a),e=n.shift(),t=n.' +
  'length,8&e.__g&&S(e)}finally{(i=n.length)&&(r||queueMicrotask)(T)}}function E(e,t,n,r,i,a,' +
  'o,s,c,l,u){var p,m,h,g,_,v,y=r.__k||f,b=t.length;for(c=D(n,t,y,c,b),p=0;p<b;p++)(h=n.__k[p' +
  '])!=null&&(m=~h.__i&&y[h.__i]||d,h.__i=p,v=te(e,h,m,i,a,o,s,c,l,u),g=h.__e,(m.ref!=h.ref||' +
  '8&m.__u)&&(m.ref&&M(m.ref,null,h,m),h.ref&&u.push(h.ref,h.__c||g,h)),_||=g,4&h.__u?(c=O(h,' +
  'c,e,!m.__v),m.__e&&(m.__e=null)):typeof h.type==`function`&&v!==void 0?c=v:g&&(c=g.nextSib' +
  'ling),h.__u&=-21);return n.__e=_,c}function D(e,t,n,r,i){var a,o,s,c,l,d,f,p,h,g=n.length,' +
  '_=g,b=0,S=0,C=e.__k=Array(i);for(a=0;a<i;a++)(o=t[a])!=null&&typeof o!=`boolean`&&typeof o' +
  '!=`function`?(typeof o!=`object`||o.constructor===String?o=C[a]=v(null,o):m(o)?o=C[a]=v(y,' +
  '{children:o}):o.constructor===u&&o.__b?o=C[a]=v(o.type,o.props,o.key,o.ref,o.__v):C[a]=o,c' +
  '=a+b,o.__=e,o.__b=e.__b+1,s=null,~(l=o.__i=k(o,n,c,_))&&(_--,(s=n[l])&&(s.__u|=2)),s&&s.__' +
  'v?(o.__u|=16,l==c-1?b--:l==c+1?b++:l!=c&&(l>c?b--:b++,S=1)):(~l||(i>g?b--:i<g&&b++),typeof' +
  ' o.type!=`function`&&(o.__u|=4))):C[a]=null;if(S){for(d=[],f=[],a=0;a<i;a++)if((o=C[a])&&1' +
  '6&o.__u){for(b=0,p=d.length;b<p;)d[h=b+p>>1]<o.__i?b=h+1:p=h;d[b]=o.__i,f[a]=b+1}for(b=d.l' +
  'ength;a--;)f[a]&&(f[a]==b?b--:C[a].__u|=4)}if(_)for(a=0;a<g;a++)!(s=n[a])||2&s.__u||(s.__e' +
  '==r&&(r=x(s)),N(s,s));return r}function O(e,t,n,r){var i,a,o,s;if(typeof e.type==`function' +
  '`){if(e.props.__P)return t;if(i=e.__k)for(a=0;a<i.length;a++)i[a]&&(i[a].__=e,t=O(i[a],t,n' +
  ',!1));return t}for(t&&!t.parentNode&&(t=x(e))&&!t.parentNode&&(t=null),o=e.__e,s=t;s&&s.no' +
  'deType==8;)s=s.nextSibling;for(o!=s&&(!r&&n.moveBefore&&o.parentNode?n.moveBefore(o,t):n.i' +
  'nsertBefore(o,t||null)),t=o;(t&&=t.nextSibling)&&t.nodeType==8&&!t.data.startsWith(`$s`);)' +
  ';return t}function k(e,t,n,r){var i,a=e.key,o=e.type,s=t[n],c=s&&!(2&s.__u);if(s===null&&a' +
  '==null||c&&a==s.key&&o==s.type)return n;if(r>+!!c){for(i=n-1;i>=0;i--)if((s=t[i])&&!(2&s._' +
  '_u)&&a==s.key&&o==s.type)return i;for(i=n+1;i<t.length;i++)if((s=t[i])&&!(2&s.__u)&&a==s.k' +
  'ey&&o==s.type)return i}return-1}function A(e,t,n){n??=``,t[0]==`-`?e.setProperty(t,n):e[t]' +
  '=n}function j(e,t,n,r,i){var a,o;if(t==`style`){if(typeof n==`string`)e.style.cssText=n;el' +
  'se{if(typeof r==`string`&&(e.style.cssText=r=``),r)for(t in r)n&&t in n||A(e.style,t);if(n' +
  ')for(t in n)r&&n[t]==r[t]||A(e.style,t,n[t])}}else if(t[0]==`o`&&t[1]==`n`)typeof n!=`func' +
  'tion`&&(n=null),typeof r!=`function`&&(r=null),(e.__e||={})[t]=n,n&&r||(o=l[t]||(l[t]=ee(t' +
  ')),(e.__a||={})[t]=c,a=t!=(t=t.replace(s,`$1`)),(t=t.slice(2))[0]<`a`&&(t=t.toLowerCase())' +
  ',n?e.addEventListener(t,o,a):e.removeEventListener(t,o,a));else{if(i==`http://www.w3.org/2' +
  '000/svg`)t=t.replace(/xlink(H|:h)/,`h`).replace(/sName$/,`s`);else if(t!=`width`&&t!=`heig' +
  'ht`&&t!=`href`&&t!=`list`&&t!=`form`&&t!=`tabIndex`&&t!=`download`&&t!=`rowSpan`&&t!=`colS' +
  'pan`&&t!=`role`&&t!=`popover`&&t in e)try{e[t]=n??``;return}catch{}if(typeof n==`function`' +
  ')return;n==null||!1===n&&t[4]!=`-`?e.removeAttribute(t):e.setAttribute(t,t==`popover`&&n==' +
  '1?``:n)}}function ee(t){return function(n){var r=this.__e;if(r){if(r=r[t],n[o]==null)n[o]=' +
  'c++;else if(n[o]<this.__a[t])return;return r(e.event?e.event(n):n)}}}function te(t,n,r,i,a' +
  ',o,s,c,l,d){var p,h,v,S,C,w,T,D,O,k,A,j,ee,te,ie,M,F,I,L=n.type;if(n.constructor!==u)retur' +
  'n null;128&r.__u&&(l=32&r.__u,p=r.__c.__z)&&(n.__u|=l,h=o=[],p.nodeType==8?c=ne(p,o):o.pus' +
  'h(p),c=o[0]||c),(p=e.__b)&&p(n);n:if(typeof L==`function`){v=s.length;try{if(D=n.props,O=(' +
  'p=L.prototype)&&p.render,k=(p=L.contextType)&&i[p.__c],A=p?k?k.props.value:p.__:i,(S=r.__c' +
  ')?(n.__c=S,2&S.__g&&(S.__g|=1)):(O?n.__c=S=new L(D,A):(n.__c=S=new b(D,A),S.constructor=L,' +
  'S.render=P),k&&k.sub(S),S.state||(S.state={}),S.__n=i,S.__g|=8,S.__h=[],S.__k=[]),O&&(S.__' +
  's||(S.__s=S.state),L.getDerivedStateFromProps&&(S.__s==S.state&&(S.__s=g({},S.__s)),g(S.__' +
  's,L.getDerivedStateFromProps(D,S.__s)))),C=S.props,w=S.state,S.__v=n,r.__c){if(D!==C&&O&&!' +
  'L.getDerivedStateFromProps&&S.componentWillReceiveProps&&S.componentWillReceiveProps(D,A),' +
  'n.__v==r.__v&&!(8&S.__g)||!(4&S.__g)&&S.shouldComponentUpdate&&!1===S.shouldComponentUpdat' +
  'e(D,S.__s,A)){n.__v!=r.__v&&(S.props=D,S.state=S.__s,S.__g&=-9),n.__e=r.__e,n.__k=r.__k,n.' +
  '__k.some(function(e){e&&(e.__=n)}),f.push.apply(S.__h,S.__k),S.__k=[],S.__h.length&&s.push' +
  '(S),c=x(r);break n}S.componentWillUpdate&&S.componentWillUpdate(D,S.__s,A),O&&S.componentD' +
  'idUpdate&&S.__h.push(function(){S.componentDidUpdate(C,w,T)})}else O&&!L.getDerivedStateFr' +
  'omProps&&S.componentWillMount&&S.componentWillMount(),O&&S.componentDidMount&&S.__h.push(S' +
  '.componentDidMount);S.context=A,S.props=D,S.__P=t,S.__g&=-5,j=e.__r,ee=O?25:0;do S.__g&=-9' +
  ',j&&j(n),p=S.render(S.props,S.state=S.__s,S.context);while(8&S.__g&&++ee<25);O&&(f.push.ap' +
  'ply(S.__h,S.__k),S.__k=[]),S.state=S.__s,S.getChildContext&&(i=g({},i,S.getChildContext())' +
  '),O&&r.__c&&S.getSnapshotBeforeUpdate&&(T=S.getSnapshotBeforeUpdate(C,w)),te=p&&p.type===y' +
  '&&p.key==null?p.props.children:p,D.__P&&(p=c,a=(t=D.__P).namespaceURI,l=o=null,r.props&&r.' +
  'props.__P!=t&&(r.__k.some(function(e){e&&N(e,e)}),r.__k=null),c=r.__k?x(r,0):null),c=E(t,m' +
  '(te)?te:[te],n,r,i,a,o,s,c,l,d),D.__P&&(n.__e=null,c=p),n.__u&=-161,h&&h.some(_),S.__h.len' +
  'gth&&s.push(S),1&S.__g&&(S.__g&=-4)}catch(t){if(s.length=v,n.__v=null,l||o){if(t&&t.then){' +
  'if(n.__u|=128|l,o){for(~(F=o.indexOf(c||void 0))||(F=o.length);(I=o[F-1])&&I.nodeType==8;)' +
  'F--;for(;F<o.length;F++)if(I=o[F]){if(o[F]=null,ie){if(I==M)break}else{if(I.nodeType!=8)br' +
  'eak;I.data.startsWith(`$s`)&&(M=ne(ie=I))}}}if(!ie){for(;c&&c.nodeType==8&&c.nextSibling;)' +
  'c=c.nextSibling;ie=c}(p=ne(ie=n.__c.__z||(n.__c.__z=ie)))?(n.__e=ie,c=p):n.__e=c,c&&=c.nex' +
  'tSibling}else o&&o.some(_)}else n.__e=r.__e;n.__k||=r.__k||[],t&&t.then||re(n),e.__e(t,n,r' +
  ')}}else c=n.__e=ae(r.__e,n,r,i,a,o,s,l,d,t);return(p=e.diffed)&&p(n),c}function ne(e,t){if' +
  '(e&&e.nodeType==8&&e.data.startsWith(`$s`))for(var n=1;e=e.nextSibling;){if(e.nodeType==8)' +
  '{if(e.data.startsWith(`$s`))n++;else if(e.data.startsWith(`/$s`)&&!--n)return e}t&&t.push(' +
  'e)}}function re(e){e&&(e.__c&&(e.__c.__g|=4),e.__k&&e.__k.some(re))}function ie(t,n,r){for' +
  '(var i=0;i<r.length;)M(r[i++],r[i++],r[i++]);e.__c&&e.__c(n,t),t.some(function(n){try{t=n.' +
  '__h,n.__h=[],t.some(function(e){e.call(n)})}catch(t){e.__e(t,n.__v)}})}function ae(t,n,r,i' +
  ',a,o,s,c,l,u){var f,g,v,y,b,S,C,w,T=r.props||d,D=n.props,O=n.type;if(O==`svg`?a=`http://ww' +
  'w.w3.org/2000/svg`:O==`math`?a=`http://www.w3.org/1998/Math/MathML`:a||=`http://www.w3.org' +
  '/1999/xhtml`,o){for(f=0;f<o.length;f++)if((b=o[f])&&(O?b.localName==O:b.nodeType==3)){t=b,' +
  'o[f]=null;break}}if(!t){if(w=u.ownerDocument||document,!O)return w.createTextNode(D);t=w.c' +
  'reateElementNS(a,O,D.is?D:u),c&&=(e.__m&&e.__m(n,o),!1),o=null}if(O){if(u=O==`template`&&t' +
  '.content||t,o=O==`textarea`&&D.defaultValue!=null?null:o&&h.call(u.childNodes),!c&&o)for(T' +
  '={},f=0;f<t.attributes.length;f++)T[(b=t.attributes[f]).name]=b.value;for(f in T)b=T[f],f=' +
  '=`dangerouslySetInnerHTML`?v=b:f==`children`||f in D||f==`value`&&`defaultValue`in D||f==`' +
  'checked`&&`defaultChecked`in D||j(t,f,null,b,a);for(f in D)b=D[f],f==`children`?y=b:f==`da' +
  'ngerouslySetInnerHTML`?g=b:f==`value`?S=b:f==`checked`?C=b:c&&typeof b!=`function`||T[f]==' +
  '=b||j(t,f,b,T[f],a);g?(c||v&&(g.__html==v.__html||g.__html==t.innerHTML)||(t.innerHTML=g._' +
  '_html),n.__k=[]):(v&&(t.textContent=``),(O==`foreignObject`||a==`http://www.w3.org/1998/Ma' +
  'th/MathML`&&p.test(O))&&(a=`http://www.w3.org/1999/xhtml`),E(u,m(y)?y:[y],n,r,i,a,o,s,o?o[' +
  '0]:r.__k&&x(r,0),c,l),o&&o.some(_)),c&&O!=`textarea`||(f=`value`,O==`progress`&&S==null?t.' +
  'removeAttribute(f):S==null||S===t[f]&&(O!=`progress`||S)||j(t,f,S,T[f],a),f=`checked`,C!=n' +
  'ull&&C!=t[f]&&j(t,f,C,T[f],a))}else T===D||c&&t.data==D||(t.data=D);return t}function M(t,' +
  'n,r,i){try{typeof t==`function`?n?n.__x=t(n)||1:(i&&=i.__c||i.__e)&&(n=i.__x)&&(i.__x=null' +
  ',typeof n==`function`?n():t(null)):t.current=n}catch(t){e.__e(t,r)}}function N(t,n,r){var ' +
  'i,a,o,s;if(e.unmount&&e.unmount(t),!(i=t.ref)||i.current&&i.current!=t.__e||M(i,null,n,t),' +
  'i=t.__c){if(i.componentWillUnmount)try{i.componentWillUnmount()}catch(t){e.__e(t,n)}i.__P=' +
  'i.__n=null}if(i=t.__k)for(s=0;s<i.length;s++)i[s]&&N(i[s],n,typeof t.type!=`function`||r&&' +
  '!t.props.__P);!r&&(i=t.__c)&&(i=i.__z)&&(a=ne(i,o=[]))&&(i==t.__e&&o.some(_),_(a),_(i)),r|' +
  '|_(t.__e),t.__e=t.__c=t.__=null}function P(e,t,n){return this.constructor(e,n)}function F(' +
  't,n){var r,i,a,o;e.__&&e.__(t,n),n.nodeType==9&&(n=n.documentElement),i=(r=t&&32&t.__u)?nu' +
  'll:n.__k,n.__k=v(y,{children:[t]}),a=[],o=[],te(n,n.__k,i||d,d,n.namespaceURI,i?null:n.fir' +
  'stChild?h.call(n.childNodes):null,a,i?i.__e:n.firstChild,r,o),ie(a,n.__k,o),n.__k.props.ch' +
  'ildren=null}e={__e:function(e,t,n,r){for(var a,o,s;t=t.__;)if((a=t.__c)&&!(1&a.__g)){a.__g' +
  '|=4;try{if((s=(o=a.constructor)&&o.getDerivedStateFromError)&&a.setState(o.getDerivedState' +
  'FromError(e)),a.componentDidCatch&&(a.componentDidCatch(e,r||{}),s=1),s&&8&a.__g)return vo' +
  'id(a.__g|=2)}catch(t){e=t}}throw i=0,e}},t=0,b.prototype.setState=function(e,t){var n=this' +
  '.__s;n&&n!=this.state||(n=this.__s=g({},this.state)),typeof e==`function`&&(e=e(g({},n),th' +
  'is.props)),e&&(g(n,e),this.__v&&(t&&this.__k.push(t),w(this)))},b.prototype.forceUpdate=fu' +
  'nction(e){this.__v&&(this.__g|=4,e&&this.__h.push(e),w(this))},b.prototype.render=y,n=[],i' +
  '=0,a=function(e,t){return e.__v.__b-t.__v.__b},o=Symbol(),s=/(PointerCapture)$|Capture$/i,' +
  'c=0,l={};var I,L,oe,se,ce=Object.is,le=0,ue=[],de=[],R=e,fe=R.__b,pe=R.__r,me=R.diffed,he=' +
  'R.__c,ge=R.unmount,_e=R.__;function ve(e,t){R.__h&&R.__h(L,e,le||t),le=0;var n=L.__H||(L._' +
  '_H={__:[],__h:[]});return e>=n.__.length&&n.__.push({}),n.__[e]}function ye(e){return le=1' +
  ',be(ke,e)}function be(e,t,n){var r=ve(I++,2);if(r.t=e,!r.__c&&(r.__=[n?n(t):ke(void 0,t),f' +
  'unction(e){var t=(r.__N||r.__)[0],n=r.t(t,e);ce(t,n)||(r.__N=[n,r.__[1]],r.__c.setState({}' +
  '))}],r.__c=L,!L.__f)){L.__f=!0;var i=L.shouldComponentUpdate;L.shouldComponentUpdate=funct' +
  'ion(e,t,n){var r=this.__H;if(!r)return!0;var a=!1,o=this.props!=e;if(r.__.some(function(e)' +
  '{e.__N&&(a=!0,ce(e.__[0],e.__N[0])||(o=!0))}),i){var s=i.call(this,e,t,n);return a?s||o:s}' +
  'return!a||o}}return r.__}function z(e,t){var n=ve(I++,3);!R.__s&&Oe(n.__H,t)&&(n.__P=!0,n.' +
  '__=e,n.u=t,L.__H.__h.push(n))}function B(e){return le=5,xe(function(){return{current:e}},[' +
  '])}function xe(e,t){var n=ve(I++,7);return Oe(n.__H,t)&&(n.__=e(),n.__H=t),n.__}function S' +
  'e(){var e;do{for(;e=de.shift();)try{Ee(e)}catch(t){R.__e(t,{__:(e=e.__P)&&e.__v})}for(;e=u' +
  'e.shift();){var t=e.__H;if(e.__P&&t)try{t.__h.some(Ee),t.__h.some(De),t.__h=[]}catch(n){t.' +
  '__h=[],R.__e(n,e.__v)}}}while(de.length)}R.__b=function(e){L=null,fe&&fe(e)},R.__=function' +
  '(e,t){e&&t.__k&&t.__k.__m&&(e.__m=t.__k.__m),_e&&_e(e,t)},R.__r=function(e){pe&&pe(e),I=0;' +
  'var t=(L=e.__c).__H;t&&(oe==L?L.__h=[]:(t.__h.some(Ee),t.__h.some(De),I=0),t.__h=[],t.__.s' +
  'ome(function(e){e.__N&&(e.__=e.__N),e.u=e.__N=void 0})),oe=L},R.diffed=function(e){me&&me(' +
  'e);var t=e.__c;t&&t.__H&&(t.__H.__h.length&&Te(ue.push(t)),t.__H.__.some(function(e){e.u&&' +
  '(e.__H=e.u)})),oe=L=null},R.__c=function(e,t){t.some(function(e){try{e.__h.some(Ee),e.__h=' +
  'e.__h.filter(function(e){return!e.__||De(e)})}catch(t){e.__h=[function(){throw t}]}}),he&&' +
  'he(e,t)},R.unmount=function(e){ge&&ge(e);var t,n,r=e.__c;r&&r.__H&&(r.__H.__.some(function' +
  '(r){try{if(r.__P&&r.__c){if(n===void 0){for(n=e.__;n&&(!n.__c||!n.__c.__P);)n=n.__;n&&=n._' +
  '_c}r.__P=n,Te(de.push(r))}else Ee(r)}catch(e){t=e}}),r.__H=void 0,t&&R.__e(t,r.__v))};var ' +
  'Ce=typeof requestAnimationFrame==`function`;function we(e){var t,n=function(){clearTimeout' +
  '(r),Ce&&cancelAnimationFrame(t),setTimeout(e)},r=setTimeout(n,35);Ce&&(t=requestAnimationF' +
  'rame(n))}function Te(e){e!=1&&se==R.requestAnimationFrame||((se=R.requestAnimationFrame)||' +
  'we)(Se)}function Ee(e){var t=L,n=e.__c;typeof n==`function`&&(e.__c=void 0,n()),L=t}functi' +
  'on De(e){var t=L;e.__c=e.__(),L=t}function Oe(e,t){return!e||e.length!=t.length||t.some(fu' +
  'nction(t,n){return!ce(t,e[n])})}function ke(e,t){return typeof t==`function`?t(e):t}var Ae' +
  '=!0,je=`uplot`,Me=`u-hz`,Ne=`u-vt`,Pe=`u-title`,Fe=`u-wrap`,Ie=`u-under`,Le=`u-over`,Re=`u' +
  '-axis`,ze=`u-off`,Be=`u-select`,Ve=`u-cursor-x`,He=`u-cursor-y`,Ue=`u-cursor-pt`,We=`u-leg' +
  'end`,Ge=`u-live`,Ke=`u-inline`,qe=`u-series`,Je=`u-marker`,Ye=`u-label`,Xe=`u-value`,Ze=`w' +
  'idth`,Qe=`height`,$e=`top`,et=`bottom`,tt=`left`,nt=`right`,rt=`#000`,it=`#0000`,at=`mouse' +
  'move`,ot=`mousedown`,st=`mouseup`,ct=`mouseenter`,lt=`mouseleave`,ut=`dblclick`,dt=`resize' +
  '`,ft=`scroll`,pt=`change`,mt=`dppxchange`,ht=`--`,gt=typeof window<`u`,_t=gt?document:null' +
  ',vt=gt?window:null,yt=gt?navigator:null,V,bt;function xt(){let e=devicePixelRatio;V!=e&&(V' +
  '=e,bt&&Ft(pt,bt,xt),bt=matchMedia(`(min-resolution: ${V-.001}dppx) and (max-resolution: ${' +
  'V+.001}dppx)`),Pt(pt,bt,xt),vt.dispatchEvent(new CustomEvent(mt)))}function St(e,t){if(t!=' +
  'null){let n=e.classList;!n.contains(t)&&n.add(t)}}function Ct(e,t){let n=e.classList;n.con' +
  'tains(t)&&n.remove(t)}function H(e,t,n){e.style[t]=n+`px`}function wt(e,t,n,r){let i=_t.cr' +
  'eateElement(e);return t!=null&&St(i,t),n?.insertBefore(i,r),i}function Tt(e,t){return wt(`' +
  'div`,e,t)}var Et=new WeakMap;function Dt(e,t,n,r,i){let a=`translate(`+t+`px,`+n+`px)`;a!=' +
  'Et.get(e)&&(e.style.transform=a,Et.set(e,a),t<0||n<0||t>r||n>i?St(e,ze):Ct(e,ze))}var Ot=n' +
  'ew WeakMap;function kt(e,t,n){let r=t+n;r!=Ot.get(e)&&(Ot.set(e,r),e.style.background=t,e.' +
  'style.borderColor=n)}var At=new WeakMap;function jt(e,t,n,r){let i=t+``+n;i!=At.get(e)&&(A' +
  't.set(e,i),e.style.height=n+`px`,e.style.width=t+`px`,e.style.marginLeft=r?-t/2+`px`:0,e.s' +
  'tyle.marginTop=r?-n/2+`px`:0)}var Mt={passive:!0},Nt={...Mt,capture:!0};function Pt(e,t,n,' +
  'r){t.addEventListener(e,n,r?Nt:Mt)}function Ft(e,t,n,r){t.removeEventListener(e,n,Mt)}gt&&' +
  'xt();function It(e,t,n,r){let i;n||=0,r||=t.length-1;let a=r<=2147483647;for(;r-n>1;)i=a?n' +
  '+r>>1:rn((n+r)/2),t[i]<e?n=i:r=i;return e-t[n]<=t[r]-e?n:r}function Lt(e){return(t,n,r)=>{' +
  'let i=-1,a=-1;for(let a=n;a<=r;a++)if(e(t[a])){i=a;break}for(let i=r;i>=n;i--)if(e(t[i])){' +
  'a=i;break}return[i,a]}}var Rt=e=>e!=null,zt=e=>e!=null&&e>0,Bt=Lt(Rt),Vt=Lt(zt);function H' +
  't(e,t,n,r=0,i=!1){let a=i?Vt:Bt,o=i?zt:Rt;[t,n]=a(e,t,n);let s=e[t],c=e[t];if(t>-1){if(r==' +
  '1)s=e[t],c=e[n];else if(r==-1)s=e[n],c=e[t];else for(let r=t;r<=n;r++){let t=e[r];o(t)&&(t' +
  '<s?s=t:t>c&&(c=t))}}return[s??hn,c??-hn]}function Ut(e,t,n,r){let i=un(e),a=un(t);e==t&&(i' +
  '==-1?(e*=n,t/=n):(e/=n,t*=n));let o=n==10?dn:fn,s=i==1?rn:on,c=a==1?on:rn,l=s(o(nn(e))),u=' +
  'c(o(nn(t))),d=ln(n,l),f=ln(n,u);return n==10&&(l<0&&(d=K(d,-l)),u<0&&(f=K(f,-u))),r||n==2?' +
  '(e=d*i,t=f*a):(e=On(e,d),t=Dn(t,f)),[e,t]}function Wt(e,t,n,r){let i=Ut(e,t,n,r);return e=' +
  '=0&&(i[0]=0),t==0&&(i[1]=0),i}var Gt=.1,Kt={mode:3,pad:Gt},qt={pad:0,soft:null,mode:0},Jt=' +
  '{min:qt,max:qt};function Yt(e,t,n,r){return zn(n)?Zt(e,t,n):(qt.pad=n,qt.soft=r?0:null,qt.' +
  'mode=r?3:0,Zt(e,t,Jt))}function U(e,t){return e??t}function Xt(e,t,n){for(t=U(t,0),n=U(n,e' +
  '.length-1);t<=n;){if(e[t]!=null)return!0;t++}return!1}function Zt(e,t,n){let r=n.min,i=n.m' +
  'ax,a=U(r.pad,0),o=U(i.pad,0),s=U(r.hard,-hn),c=U(i.hard,hn),l=U(r.soft,hn),u=U(i.soft,-hn)' +
  ',d=U(r.mode,0),f=U(i.mode,0),p=t-e,m=dn(p),h=cn(nn(e),nn(t)),g=nn(dn(h)-m);(p<1e-24||g>10)' +
  '&&(p=0,(e==0||t==0)&&(p=1e-24,d==2&&l!=hn&&(a=0),f==2&&u!=-hn&&(o=0)));let _=p||h||1e3,v=l' +
  'n(10,rn(dn(_))),y=K(On(e-_*(p==0?e==0?.1:1:a),v/10),24),b=e>=l&&(d==1||d==3&&y<=l||d==2&&y' +
  '>=l)?l:hn,x=cn(s,y<b&&e>=b?b:sn(b,y)),S=K(Dn(t+_*(p==0?t==0?.1:1:o),v/10),24),C=t<=u&&(f==' +
  '1||f==3&&S>=u||f==2&&S<=u)?u:-hn,w=sn(c,S>C&&t<=C?C:cn(C,S));return x==w&&x==0&&(w=100),[x' +
  ',w]}var Qt=new Intl.NumberFormat(gt?yt.language:`en-US`),$t=e=>Qt.format(e),en=Math,tn=en.' +
  'PI,nn=en.abs,rn=en.floor,an=en.round,on=en.ceil,sn=en.min,cn=en.max,ln=en.pow,un=en.sign,d' +
  'n=en.log10,fn=en.log2,pn=(e,t=1)=>en.sinh(e)*t,mn=(e,t=1)=>en.asinh(e/t),hn=1/0;function g' +
  'n(e){return(dn((e^e>>31)-(e>>31))|0)+1}function _n(e,t,n){return sn(cn(e,t),n)}function vn' +
  '(e){return typeof e==`function`}function W(e){return vn(e)?e:()=>e}var yn=()=>{},bn=e=>e,x' +
  'n=(e,t)=>t,Sn=e=>null,Cn=e=>!0,wn=(e,t)=>e==t,Tn=/\\.\\d*?(?=9{6,}|0{6,})/gm,G=e=>{if(In(e' +
  ')||kn.has(e))return e;let t=`${e}`,n=t.match(Tn);if(n==null)return e;let r=n[0].length-1;i' +
  'f(t.indexOf(`e-`)!=-1){let[e,n]=t.split(`e`);return+`${G(e)}e${n}`}return K(e,r)};function' +
  ' En(e,t){return G(K(G(e/t))*t)}function Dn(e,t){return G(on(G(e/t))*t)}function On(e,t){re' +
  'turn G(rn(G(e/t))*t)}function K(e,t=0){if(In(e))return e;let n=10**t;return an(e*n*(1+2**-' +
  '52))/n}var kn=new Map;function An(e){return((``+e).split(`.`)[1]||``).length}function jn(e' +
  ',t,n,r){let i=[],a=r.map(An);for(let o=t;o<n;o++){let t=nn(o),n=K(ln(e,o),t);for(let s=0;s' +
  '<r.length;s++){let c=e==10?+`${r[s]}e${o}`:r[s]*n,l=(o>=0?0:t)+(o>=a[s]?0:a[s]),u=e==10?c:' +
  'K(c,l);i.push(u),kn.set(u,l)}}return i}var Mn={},Nn=[],Pn=[null,null],Fn=Array.isArray,In=' +
  'Number.isInteger,Ln=e=>e===void 0;function Rn(e){return typeof e==`string`}function zn(e){' +
  'let t=!1;if(e!=null){let n=e.constructor;t=n==null||n==Object}return t}function Bn(e){retu' +
  'rn typeof e==`object`&&!!e}var Vn=Object.getPrototypeOf(Uint8Array),Hn=`__proto__`;functio' +
  'n Un(e,t=zn){let n;if(Fn(e)){let r=e.find(e=>e!=null);if(Fn(r)||t(r)){n=Array(e.length);fo' +
  'r(let r=0;r<e.length;r++)n[r]=Un(e[r],t)}else n=e.slice()}else if(e instanceof Vn)n=e.slic' +
  'e();else if(t(e)){n={};for(let r in e)r!=Hn&&(n[r]=Un(e[r],t))}else n=e;return n}function ' +
  'Wn(e){let t=arguments;for(let n=1;n<t.length;n++){let r=t[n];for(let t in r)t!=Hn&&(zn(e[t' +
  '])?Wn(e[t],Un(r[t])):e[t]=Un(r[t]))}return e}var Gn=0,Kn=1,qn=2;function Jn(e,t,n){for(let' +
  ' r=0,i,a=-1;r<t.length;r++){let o=t[r];if(o>a){for(i=o-1;i>=0&&e[i]==null;)e[i--]=null;for' +
  '(i=o+1;i<n&&e[i]==null;)e[a=i++]=null}}}function Yn(e,t){if(Qn(e)){let t=e[0].slice();for(' +
  'let n=1;n<e.length;n++)t.push(...e[n].slice(1));return $n(t[0])||(t=Zn(t)),t}let n=new Set' +
  ';for(let t=0;t<e.length;t++){let r=e[t][0],i=r.length;for(let e=0;e<i;e++)n.add(r[e])}let ' +
  'r=[Array.from(n).sort((e,t)=>e-t)],i=r[0].length,a=new Map;for(let e=0;e<i;e++)a.set(r[0][' +
  'e],e);for(let n=0;n<e.length;n++){let o=e[n],s=o[0];for(let e=1;e<o.length;e++){let c=o[e]' +
  ',l=Array(i).fill(void 0),u=t?t[n][e]:Kn,d=[];for(let e=0;e<c.length;e++){let t=c[e],n=a.ge' +
  't(s[e]);t===null?u!=Gn&&(l[n]=t,u==qn&&d.push(n)):l[n]=t}Jn(l,d,i),r.push(l)}}return r}var' +
  ' Xn=typeof queueMicrotask>`u`?e=>Promise.resolve().then(e):queueMicrotask;function Zn(e){l' +
  'et t=e[0],n=t.length,r=Array(n);for(let e=0;e<r.length;e++)r[e]=e;r.sort((e,n)=>t[e]-t[n])' +
  ';let i=[];for(let t=0;t<e.length;t++){let a=e[t],o=Array(n);for(let e=0;e<n;e++)o[e]=a[r[e' +
  ']];i.push(o)}return i}function Qn(e){let t=e[0][0],n=t.length;for(let r=1;r<e.length;r++){' +
  'let i=e[r][0];if(i.length!=n)return!1;if(i!=t){for(let e=0;e<n;e++)if(i[e]!=t[e])return!1}' +
  '}return!0}function $n(e,t=100){let n=e.length;if(n<=1)return!0;let r=0,i=n-1;for(;r<=i&&e[' +
  'r]==null;)r++;for(;i>=r&&e[i]==null;)i--;if(i<=r)return!0;let a=cn(1,rn((i-r+1)/t));for(le' +
  't t=e[r],n=r+a;n<=i;n+=a){let r=e[n];if(r!=null){if(r<=t)return!1;t=r}}return!0}var er=[`J' +
  'anuary`,`February`,`March`,`April`,`May`,`June`,`July`,`August`,`September`,`October`,`Nov' +
  'ember`,`December`],tr=[`Sunday`,`Monday`,`Tuesday`,`Wednesday`,`Thursday`,`Friday`,`Saturd' +
  'ay`];function nr(e){return e.slice(0,3)}var rr=tr.map(nr),ir={MMMM:er,MMM:er.map(nr),WWWW:' +
  'tr,WWW:rr};function ar(e){return(e<10?`0`:``)+e}function or(e){return(e<10?`00`:e<100?`0`:' +
  '``)+e}var sr={YYYY:e=>e.getFullYear(),YY:e=>(e.getFullYear()+``).slice(2),MMMM:(e,t)=>t.MM' +
  'MM[e.getMonth()],MMM:(e,t)=>t.MMM[e.getMonth()],MM:e=>ar(e.getMonth()+1),M:e=>e.getMonth()' +
  '+1,DD:e=>ar(e.getDate()),D:e=>e.getDate(),WWWW:(e,t)=>t.WWWW[e.getDay()],WWW:(e,t)=>t.WWW[' +
  'e.getDay()],HH:e=>ar(e.getHours()),H:e=>e.getHours(),h:e=>{let t=e.getHours();return t==0?' +
  '12:t>12?t-12:t},AA:e=>e.getHours()>=12?`PM`:`AM`,aa:e=>e.getHours()>=12?`pm`:`am`,a:e=>e.g' +
  'etHours()>=12?`p`:`a`,mm:e=>ar(e.getMinutes()),m:e=>e.getMinutes(),ss:e=>ar(e.getSeconds()' +
  '),s:e=>e.getSeconds(),fff:e=>or(e.getMilliseconds())};function cr(e,t){t||=ir;let n=[],r=/' +
  '\\{([a-z]+)\\}|[^{]+/gi,i;for(;i=r.exec(e);)n.push(i[0][0]==`{`?sr[i[1]]:i[0]);return e=>{' +
  'let r=``;for(let i=0;i<n.length;i++)r+=typeof n[i]==`string`?n[i]:n[i](e,t);return r}}var ' +
  'lr=new Intl.DateTimeFormat().resolvedOptions().timeZone;function ur(e,t){let n;return t==`' +
  'UTC`||t==`Etc/UTC`?n=new Date(+e+e.getTimezoneOffset()*6e4):t==lr?n=e:(n=new Date(e.toLoca' +
  'leString(`en-US`,{timeZone:t})),n.setMilliseconds(e.getMilliseconds())),n}var dr=e=>e%1==0' +
  ',fr=[1,2,2.5,5],pr=jn(10,-32,0,fr),mr=jn(10,0,32,fr),hr=mr.filter(dr),gr=pr.concat(mr),_r=' +
  '`\n`,vr=`{YYYY}`,yr=_r+vr,br=`{M}/{D}`,xr=_r+br,Sr=xr+`/{YY}`,Cr=`{aa}`,wr=`{h}:{mm}`+Cr,T' +
  'r=_r+wr,Er=`:{ss}`,q=null;function Dr(e){let t=e*1e3,n=t*60,r=n*60,i=r*24,a=i*30,o=i*365,s' +
  '=(e==1?jn(10,0,3,fr).filter(dr):jn(10,-3,0,fr)).concat([t,t*5,t*10,t*15,t*30,n,n*5,n*10,n*' +
  '15,n*30,r,r*2,r*3,r*4,r*6,r*8,r*12,i,i*2,i*3,i*4,i*5,i*6,i*7,i*8,i*9,i*10,i*15,a,a*2,a*3,a' +
  '*4,a*6,o,o*2,o*5,o*10,o*25,o*50,o*100]),c=[[o,vr,q,q,q,q,q,q,1],[i*28,`{MMM}`,yr,q,q,q,q,q' +
  ',1],[i,br,yr,q,q,q,q,q,1],[r,`{h}`+Cr,Sr,q,xr,q,q,q,1],[n,wr,Sr,q,xr,q,q,q,1],[t,Er,Sr+` `' +
  '+wr,q,xr+` `+wr,q,Tr,q,1],[e,Er+`.{fff}`,Sr+` `+wr,q,xr+` `+wr,q,Tr,q,1]];function l(t){re' +
  'turn(s,c,l,u,d,f)=>{let p=[],m=d>=o,h=d>=a&&d<o,g=t(l),_=K(g*e,3),v=Lr(g.getFullYear(),m?0' +
  ':g.getMonth(),h||m?1:g.getDate()),y=K(v*e,3);if(h||m){let n=h?d/a:0,r=m?d/o:0,i=_==y?_:K(L' +
  'r(v.getFullYear()+r,v.getMonth()+n,1)*e,3),s=new Date(an(i/e)),c=s.getFullYear(),l=s.getMo' +
  'nth();for(let a=0;i<=u;a++){let o=Lr(c+r*a,l+n*a,1),s=o-t(K(o*e,3));i=K((+o+s)*e,3),i<=u&&' +
  'p.push(i)}}else{let a=d>=i?i:d,o=y+(rn(l)-rn(_))+Dn(_-y,a);p.push(o);let m=t(o),h=m.getHou' +
  'rs()+m.getMinutes()/n+m.getSeconds()/r,g=d/r,v=f/s.axes[c]._space;for(;o=K(o+d,e==1?0:3),!' +
  '(o>u);)if(g>1){let e=rn(K(h+g,6))%24,n=t(o).getHours()-e;n>1&&(n=-1),o-=n*r,h=(h+g)%24;let' +
  ' i=p[p.length-1];K((o-i)/d,3)*v>=.7&&p.push(o)}else p.push(o)}return p}}return[s,c,l]}var[' +
  'Or,kr,Ar]=Dr(1),[jr,Mr,Nr]=Dr(.001);jn(2,-53,53,[1]);function Pr(e,t){return e.map(e=>e.ma' +
  'p((n,r)=>r==0||r==8||n==null?n:t(r==1||e[8]==0?n:e[1]+n)))}function Fr(e,t){return(n,r,i,a' +
  ',o)=>{let s=t.find(e=>o>=e[0])||t[t.length-1],c,l,u,d,f,p;return r.map(t=>{let n=e(t),r=n.' +
  'getFullYear(),i=n.getMonth(),a=n.getDate(),o=n.getHours(),m=n.getMinutes(),h=n.getSeconds(' +
  '),g=r!=c&&s[2]||i!=l&&s[3]||a!=u&&s[4]||o!=d&&s[5]||m!=f&&s[6]||h!=p&&s[7]||s[1];return c=' +
  'r,l=i,u=a,d=o,f=m,p=h,g(n)})}}function Ir(e,t){let n=cr(t);return(t,r,i,a,o)=>r.map(t=>n(e' +
  '(t)))}function Lr(e,t,n){return new Date(e,t,n)}function Rr(e,t){return t(e)}var zr=`{YYYY' +
  '}-{MM}-{DD} {h}:{mm}{aa}`;function Br(e,t){return(n,r,i,a)=>a==null?ht:t(e(r))}function Vr' +
  '(e,t){let n=e.series[t];return n.width?n.stroke(e,t):n.points.width?n.points.stroke(e,t):n' +
  'ull}function Hr(e,t){return e.series[t].fill(e,t)}var Ur={show:!0,live:!0,isolate:!1,mount' +
  ':yn,markers:{show:!0,width:2,stroke:Vr,fill:Hr,dash:`solid`},idx:null,idxs:null,values:[]}' +
  ';function Wr(e,t){let n=e.cursor.points,r=Tt(),i=n.size(e,t);H(r,Ze,i),H(r,Qe,i);let a=i/-' +
  '2;H(r,`marginLeft`,a),H(r,`marginTop`,a);let o=n.width(e,t,i);return o&&H(r,`borderWidth`,' +
  'o),r}function Gr(e,t){let n=e.series[t].points;return n._fill||n._stroke}function Kr(e,t){' +
  'let n=e.series[t].points;return n._stroke||n._fill}function qr(e,t){return e.series[t].poi' +
  'nts.size}var Jr=[0,0];function Yr(e,t,n){return Jr[0]=t,Jr[1]=n,Jr}function Xr(e,t,n,r=!0)' +
  '{return e=>{e.button!=0||r&&e.target!=t||n(e)}}function Zr(e,t,n,r=!0){return e=>{r&&e.tar' +
  'get!=t||n(e)}}var Qr={show:!0,x:!0,y:!0,lock:!1,move:Yr,points:{one:!1,show:Wr,size:qr,wid' +
  'th:0,stroke:Kr,fill:Gr},bind:{mousedown:Xr,mouseup:Xr,click:Xr,dblclick:Xr,mousemove:Zr,mo' +
  'useleave:Zr,mouseenter:Zr},drag:{setScale:!0,x:!0,y:!1,dist:0,uni:null,click:(e,t)=>{t.sto' +
  'pPropagation(),t.stopImmediatePropagation()},_x:!1,_y:!1},focus:{dist:(e,t,n,r,i)=>r-i,pro' +
  'x:-1,bias:0},hover:{skip:[void 0],prox:null,bias:0},left:-10,top:-10,idx:null,dataIdx:null' +
  ',idxs:null,event:null},$r={show:!0,stroke:`rgba(0,0,0,0.07)`,width:2},J=Wn({},$r,{filter:x' +
  'n}),Y=Wn({},J,{size:10}),ei=Wn({},$r,{show:!1}),ti=`12px system-ui, -apple-system, "Segoe ' +
  'UI", Roboto, "Helvetica Neue", Arial, "Noto Sans", sans-serif, "Apple Color Emoji", "Segoe' +
  ' UI Emoji", "Segoe UI Symbol", "Noto Color Emoji"`,ni=`bold `+ti,ri=1.5,ii={show:!0,scale:' +
  '`x`,stroke:rt,space:50,gap:5,alignTo:1,size:50,labelGap:0,labelSize:30,labelFont:ni,side:2' +
  ',grid:J,ticks:Y,border:ei,font:ti,lineGap:ri,rotate:0},ai=`Value`,oi=`Time`,si={show:!0,sc' +
  'ale:`x`,auto:!1,sorted:1,min:hn,max:-1/0,idxs:[]};function ci(e,t,n,r,i){return t.map(e=>e' +
  '==null?``:$t(e))}function li(e,t,n,r,i,a,o){let s=[],c=kn.get(i)||0;n=o?n:K(Dn(n,i),c);for' +
  '(let e=n;e<=r;e=K(e+i,c))s.push(Object.is(e,-0)?0:e);return s}function ui(e,t,n,r,i,a,o){l' +
  'et s=[],c=e.scales[e.axes[t].scale].log;i=ln(c,rn((c==10?dn:fn)(n))),c==10&&(i=gr[It(i,gr)' +
  ']);let l=n,u=i*c;c==10&&(u=gr[It(u,gr)]);do s.push(l),l+=i,c==10&&!kn.has(l)&&(l=K(l,kn.ge' +
  't(i))),l>=u&&(i=l,u=i*c,c==10&&(u=gr[It(u,gr)]));while(l<=r);return s}function di(e,t,n,r,' +
  'i,a,o){let s=e.scales[e.axes[t].scale].asinh,c=r>s?ui(e,t,cn(s,n),r,i):[s],l=r>=0&&n<=0?[0' +
  ']:[];return(n<-s?ui(e,t,cn(s,-r),-n,i):[s]).reverse().map(e=>-e).concat(l,c)}var X=/./,fi=' +
  '/[12357]/,pi=/[125]/,mi=/1/,hi=(e,t,n,r)=>e.map((e,i)=>t==4&&e==0||i%r==0&&n.test(e.toExpo' +
  'nential()[+(e<0)])?e:null);function gi(e,t,n,r,i){let a=e.axes[n],o=a.scale,s=e.scales[o],' +
  'c=e.valToPos,l=a._space,u=c(10,o),d=c(9,o)-u>=l?X:c(7,o)-u>=l?fi:c(5,o)-u>=l?pi:mi;if(d==m' +
  'i){let e=nn(c(1,o)-u);if(e<l)return hi(t.slice().reverse(),s.distr,d,on(l/e)).reverse()}re' +
  'turn hi(t,s.distr,d,1)}function _i(e,t,n,r,i){let a=e.axes[n],o=a.scale,s=a._space,c=e.val' +
  'ToPos,l=nn(c(1,o)-c(2,o));return l<s?hi(t.slice().reverse(),3,X,on(s/l)).reverse():t}funct' +
  'ion vi(e,t,n,r){return r==null?ht:t==null?``:$t(t)}var yi={show:!0,scale:`y`,stroke:rt,spa' +
  'ce:30,gap:5,alignTo:1,size:50,labelGap:0,labelSize:30,labelFont:ni,side:3,grid:J,ticks:Y,b' +
  'order:ei,font:ti,lineGap:ri,rotate:0};function bi(e,t){return K((3+(e||1)*2)*t,3)}function' +
  ' xi(e,t){let{scale:n,idxs:r}=e.series[0],i=e._data[0],a=e.valToPos(i[r[0]],n,!0),o=nn(e.va' +
  'lToPos(i[r[1]],n,!0)-a)/(e.series[t].points.space*V);return r[1]-r[0]<=o}var Si={scale:nul' +
  'l,auto:!0,sorted:0,min:hn,max:-1/0},Ci=(e,t,n,r,i)=>i,wi={show:!0,auto:!0,sorted:0,gaps:Ci' +
  ',alpha:1,facets:[Wn({},Si,{scale:`x`}),Wn({},Si,{scale:`y`})]},Ti={scale:`y`,auto:!0,sorte' +
  'd:0,show:!0,spanGaps:!1,gaps:Ci,alpha:1,points:{show:xi,filter:null},values:null,min:hn,ma' +
  'x:-1/0,idxs:[],path:null,clip:null};function Ei(e,t,n,r,i){return n/10}var Di={time:Ae,aut' +
  'o:!0,distr:1,log:10,asinh:1,min:null,max:null,dir:1,ori:0},Oi=Wn({},Di,{time:!1,ori:1}),ki' +
  '={};function Ai(e,t){let n=ki[e];return n||(n={key:e,plots:[],sub(e){n.plots.push(e)},unsu' +
  'b(e){n.plots=n.plots.filter(t=>t!=e)},pub(e,t,r,i,a,o,s){for(let c=0;c<n.plots.length;c++)' +
  'n.plots[c]!=t&&n.plots[c].pub(e,t,r,i,a,o,s)}},e!=null&&(ki[e]=n)),n}var ji=1,Mi=2;functio' +
  'n Ni(e,t,n){let r=e.mode,i=e.series[t],a=r==2?e._data[t]:e._data,o=e.scales,s=e.bbox,c=a[0' +
  '],l=r==2?a[1]:a[t],u=r==2?o[i.facets[0].scale]:o[e.series[0].scale],d=r==2?o[i.facets[1].s' +
  'cale]:o[i.scale],f=s.left,p=s.top,m=s.width,h=s.height,g=e.valToPosH,_=e.valToPosV;return ' +
  'u.ori==0?n(i,c,l,u,d,g,_,f,p,m,h,Hi,Wi,Ki,Ji,Xi):n(i,c,l,u,d,_,g,p,f,h,m,Ui,Gi,qi,Yi,Zi)}f' +
  'unction Pi(e,t){let n=0,r=0,i=U(e.bands,Nn);for(let e=0;e<i.length;e++){let a=i[e];a.serie' +
  's[0]==t?n=a.dir:a.series[1]==t&&(a.dir==1?r|=1:r|=2)}return[n,r==1?-1:r==2?1:r==3?2:0]}fun' +
  'ction Fi(e,t,n,r,i){let a=e.mode,o=e.series[t],s=a==2?o.facets[1].scale:o.scale,c=e.scales' +
  '[s];return i==-1?c.min:i==1?c.max:c.distr==3?c.dir==1?c.min:c.max:0}function Ii(e,t,n,r,i,' +
  'a){return Ni(e,t,(e,t,o,s,c,l,u,d,f,p,m)=>{let h=e.pxRound,g=s.dir*(s.ori==0?1:-1),_=s.ori' +
  '==0?Wi:Gi,v,y;g==1?(v=n,y=r):(v=r,y=n);let b=h(l(t[v],s,p,d)),x=h(u(o[v],c,m,f)),S=h(l(t[y' +
  '],s,p,d)),C=h(u(a==1?c.max:c.min,c,m,f)),w=new Path2D(i);return _(w,S,C),_(w,b,C),_(w,b,x)' +
  ',w})}function Li(e,t,n,r,i,a){let o=null;if(e.length>0){o=new Path2D;let s=t==0?Ki:qi,c=n;' +
  'for(let t=0;t<e.length;t++){let n=e[t];if(n[1]>n[0]){let e=n[0]-c;e>0&&s(o,c,r,e,r+a),c=n[' +
  '1]}}let l=n+i-c;l>0&&s(o,c,r-5,l,r+a+10)}return o}function Ri(e,t,n){let r=e[e.length-1];r' +
  '&&r[0]==t?r[1]=n:e.push([t,n])}function zi(e,t,n,r,i,a,o){let s=[],c=e.length;for(let l=i=' +
  '=1?n:r;l>=n&&l<=r;l+=i)if(t[l]===null){let u=l,d=l;if(i==1)for(;++l<=r&&t[l]===null;)d=l;e' +
  'lse for(;--l>=n&&t[l]===null;)d=l;let f=a(e[u]),p=d==u?f:a(e[d]),m=u-i;f=o<=0&&m>=0&&m<c?a' +
  '(e[m]):f;let h=d+i;p=o>=0&&h>=0&&h<c?a(e[h]):p,p>=f&&s.push([f,p])}return s}function Bi(e)' +
  '{return e==0?bn:e==1?an:t=>En(t,e)}function Vi(e){let t=e==0?Hi:Ui,n=e==0?(e,t,n,r,i,a)=>{' +
  'e.arcTo(t,n,r,i,a)}:(e,t,n,r,i,a)=>{e.arcTo(n,t,i,r,a)},r=e==0?(e,t,n,r,i)=>{e.rect(t,n,r,' +
  'i)}:(e,t,n,r,i)=>{e.rect(n,t,i,r)};return(e,i,a,o,s,c=0,l=0)=>{c==0&&l==0?r(e,i,a,o,s):(c=' +
  'sn(c,o/2,s/2),l=sn(l,o/2,s/2),t(e,i+c,a),n(e,i+o,a,i+o,a+s,c),n(e,i+o,a+s,i,a+s,l),n(e,i,a' +
  '+s,i,a,l),n(e,i,a,i+o,a,c),e.closePath())}}var Hi=(e,t,n)=>{e.moveTo(t,n)},Ui=(e,t,n)=>{e.' +
  'moveTo(n,t)},Wi=(e,t,n)=>{e.lineTo(t,n)},Gi=(e,t,n)=>{e.lineTo(n,t)},Ki=Vi(0),qi=Vi(1),Ji=' +
  '(e,t,n,r,i,a)=>{e.arc(t,n,r,i,a)},Yi=(e,t,n,r,i,a)=>{e.arc(n,t,r,i,a)},Xi=(e,t,n,r,i,a,o)=' +
  '>{e.bezierCurveTo(t,n,r,i,a,o)},Zi=(e,t,n,r,i,a,o)=>{e.bezierCurveTo(n,t,i,r,o,a)};functio' +
  'n Qi(e){return(e,t,n,r,i)=>Ni(e,t,(t,a,o,s,c,l,u,d,f,p,m)=>{let{pxRound:h,points:g}=t,_,v;' +
  's.ori==0?(_=Hi,v=Ji):(_=Ui,v=Yi);let y=K(g.width*V,3),b=(g.size-g.width)/2*V,x=K(b*2,3),S=' +
  'new Path2D,C=new Path2D,{left:w,top:T,width:E,height:D}=e.bbox;Ki(C,w-x,T-x,E+x*2,D+x*2);l' +
  'et O=e=>{if(o[e]!=null){let t=h(l(a[e],s,p,d)),n=h(u(o[e],c,m,f));_(S,t+b,n),v(S,t,n,b,0,t' +
  'n*2)}};if(i)i.forEach(O);else for(let e=n;e<=r;e++)O(e);return{stroke:y>0?S:null,fill:S,cl' +
  'ip:C,flags:3}})}function $i(e){return(t,n,r,i,a,o)=>{r!=i&&(a!=r&&o!=r&&e(t,n,r),a!=i&&o!=' +
  'i&&e(t,n,i),e(t,n,o))}}var ea=$i(Wi),ta=$i(Gi);function na(e){let t=U(e?.alignGaps,0);retu' +
  'rn(e,n,r,i)=>Ni(e,n,(a,o,s,c,l,u,d,f,p,m,h)=>{[r,i]=Bt(s,r,i);let g=a.pxRound,_=e=>g(u(e,c' +
  ',m,f)),v=e=>g(d(e,l,h,p)),y,b;c.ori==0?(y=Wi,b=ea):(y=Gi,b=ta);let x=c.dir*(c.ori==0?1:-1)' +
  ',S={stroke:new Path2D,fill:null,clip:null,band:null,gaps:null,flags:ji},C=S.stroke,w=!1;if' +
  '(i-r>=m*4){let t=t=>e.posToVal(t,c.key,!0),n=null,a=null,l,u,d,f=_(o[x==1?r:i]),p=_(o[r]),' +
  'm=_(o[i]),h=t(x==1?p+1:m-1);for(let e=x==1?r:i;e>=r&&e<=i;e+=x){let r=o[e],i=(x==1?r<h:r>h' +
  ')?f:_(r),c=s[e];i==f?c==null?c===null&&(w=!0):(u=c,n==null?(y(C,i,v(u)),l=n=a=u):u<n?n=u:u' +
  '>a&&(a=u)):(n!=null&&b(C,f,v(n),v(a),v(l),v(u)),c==null?(n=a=null,c===null&&(w=!0)):(u=c,y' +
  '(C,i,v(u)),n=a=l=u),f=i,h=t(f+x))}n!=null&&n!=a&&d!=f&&b(C,f,v(n),v(a),v(l),v(u))}else for' +
  '(let e=x==1?r:i;e>=r&&e<=i;e+=x){let t=s[e];t===null?w=!0:t!=null&&y(C,_(o[e]),v(t))}let[T' +
  ',E]=Pi(e,n);if(a.fill!=null||T!=0){let t=S.fill=new Path2D(C),s=v(a.fillTo(e,n,a.min,a.max' +
  ',T)),c=_(o[r]),l=_(o[i]);x==-1&&([l,c]=[c,l]),y(t,l,s),y(t,c,s)}if(!a.spanGaps){let l=[];w' +
  '&&l.push(...zi(o,s,r,i,x,_,t)),S.gaps=l=a.gaps(e,n,r,i,l),S.clip=Li(l,c.ori,f,p,m,h)}retur' +
  'n E!=0&&(S.band=E==2?[Ii(e,n,r,i,C,-1),Ii(e,n,r,i,C,1)]:Ii(e,n,r,i,C,E)),S})}function ra(e' +
  '){let t=U(e.align,1),n=U(e.ascDesc,!1),r=U(e.alignGaps,0),i=U(e.extend,!1);return(e,a,o,s)' +
  '=>Ni(e,a,(c,l,u,d,f,p,m,h,g,_,v)=>{[o,s]=Bt(u,o,s);let y=c.pxRound,{left:b,width:x}=e.bbox' +
  ',S=e=>y(p(e,d,_,h)),C=e=>y(m(e,f,v,g)),w=d.ori==0?Wi:Gi,T={stroke:new Path2D,fill:null,cli' +
  'p:null,band:null,gaps:null,flags:ji},E=T.stroke,D=d.dir*(d.ori==0?1:-1),O=C(u[D==1?o:s]),k' +
  '=S(l[D==1?o:s]),A=k,j=k;i&&t==-1&&(j=b,w(E,j,O)),w(E,k,O);for(let e=D==1?o:s;e>=o&&e<=s;e+' +
  '=D){let n=u[e];if(n==null)continue;let r=S(l[e]),i=C(n);t==1?w(E,r,O):w(E,A,i),w(E,r,i),O=' +
  'i,A=r}let ee=A;i&&t==1&&(ee=b+x,w(E,ee,O));let[te,ne]=Pi(e,a);if(c.fill!=null||te!=0){let ' +
  't=T.fill=new Path2D(E),n=C(c.fillTo(e,a,c.min,c.max,te));w(t,ee,n),w(t,j,n)}if(!c.spanGaps' +
  '){let i=[];i.push(...zi(l,u,o,s,D,S,r));let f=c.width*V/2,p=n||t==1?f:-f,m=n||t==-1?-f:f;i' +
  '.forEach(e=>{e[0]+=p,e[1]+=m}),T.gaps=i=c.gaps(e,a,o,s,i),T.clip=Li(i,d.ori,h,g,_,v)}retur' +
  'n ne!=0&&(T.band=ne==2?[Ii(e,a,o,s,E,-1),Ii(e,a,o,s,E,1)]:Ii(e,a,o,s,E,ne)),T})}function i' +
  'a(e,t,n,r,i,a,o=hn){if(e.length>1){let s=null;for(let c=0,l=1/0;c<e.length;c++)if(t[c]!==v' +
  'oid 0){if(s!=null){let t=nn(e[c]-e[s]);t<l&&(l=t,o=nn(n(e[c],r,i,a)-n(e[s],r,i,a)))}s=c}}r' +
  'eturn o}function aa(e){e||=Mn;let t=U(e.size,[.6,hn,1]),n=e.align||0,r=e.gap||0,i=e.radius' +
  ';i=i==null?[0,0]:typeof i==`number`?[i,0]:i;let a=W(i),o=1-t[0],s=U(t[1],hn),c=U(t[2],1),l' +
  '=U(e.disp,Mn),u=U(e.each,e=>{}),{fill:d,stroke:f}=l;return(e,t,i,p)=>Ni(e,t,(m,h,g,_,v,y,b' +
  ',x,S,C,w)=>{let T=m.pxRound,E=n,D=r*V,O=s*V,k=c*V,A,j;_.ori==0?[A,j]=a(e,t):[j,A]=a(e,t);l' +
  'et ee=_.dir*(_.ori==0?1:-1),te=_.ori==0?Ki:qi,ne=_.ori==0?u:(e,t,n,r,i,a,o)=>{u(e,t,n,i,r,' +
  'o,a)},re=U(e.bands,Nn).find(e=>e.series[0]==t),ie=re==null?0:re.dir,ae=m.fillTo(e,t,m.min,' +
  'm.max,ie),M=T(b(ae,v,w,S)),N,P,F,I=C,L=T(m.width*V),oe=!1,se=null,ce=null,le=null,ue=null;' +
  'd!=null&&(L==0||f!=null)&&(oe=!0,se=d.values(e,t,i,p),ce=new Map,new Set(se).forEach(e=>{e' +
  '!=null&&ce.set(e,new Path2D)}),L>0&&(le=f.values(e,t,i,p),ue=new Map,new Set(le).forEach(e' +
  '=>{e!=null&&ue.set(e,new Path2D)})));let{x0:de,size:R}=l;if(de!=null&&R!=null){E=1,h=de.va' +
  'lues(e,t,i,p),de.unit==2&&(h=h.map(t=>e.posToVal(x+t*C,_.key,!0)));let n=R.values(e,t,i,p)' +
  ';P=R.unit==2?n[0]*C:y(n[0],_,C,x)-y(0,_,C,x),I=ia(h,g,y,_,C,x,I),F=I-P+D}else I=ia(h,g,y,_' +
  ',C,x,I),F=I*o+D,P=I-F;F<1&&(F=0),L>=P/2&&(L=0),F<5&&(T=bn);let fe=F>0,pe=I-F-(fe?L:0);P=T(' +
  '_n(pe,k,O)),N=(E==0?P/2:E==ee?0:P)-E*ee*((E==0?D/2:0)+(fe?L/2:0));let me={stroke:null,fill' +
  ':null,clip:null,band:null,gaps:null,flags:0},he=oe?null:new Path2D,ge=null;if(re!=null)ge=' +
  'e.data[re.series[1]];else{let{y0:n,y1:r}=l;n!=null&&r!=null&&(g=r.values(e,t,i,p),ge=n.val' +
  'ues(e,t,i,p))}let _e=A*P,ve=j*P;for(let n=ee==1?i:p;n>=i&&n<=p;n+=ee){let r=g[n];if(r==nul' +
  'l)continue;if(ge!=null){let e=ge[n]??0;if(r-e==0)continue;M=b(e,v,w,S)}let i=y(_.distr!=2|' +
  '|l!=null?h[n]:n,_,C,x),a=b(U(r,ae),v,w,S),o=T(i-N),s=T(cn(a,M)),c=T(sn(a,M)),u=s-c;if(r!=n' +
  'ull){let i=r<0?ve:_e,a=r<0?_e:ve;oe?(L>0&&le[n]!=null&&te(ue.get(le[n]),o,c+rn(L/2),P,cn(0' +
  ',u-L),i,a),se[n]!=null&&te(ce.get(se[n]),o,c+rn(L/2),P,cn(0,u-L),i,a)):te(he,o,c+rn(L/2),P' +
  ',cn(0,u-L),i,a),ne(e,t,n,o-L/2,c,P+L,u)}}return L>0?me.stroke=oe?ue:he:oe||(me._fill=m.wid' +
  'th==0?m._fill:m._stroke??m._fill,me.width=0),me.fill=oe?ce:he,me})}function oa(e,t){let n=' +
  'U(t?.alignGaps,0);return(t,r,i,a)=>Ni(t,r,(o,s,c,l,u,d,f,p,m,h,g)=>{[i,a]=Bt(c,i,a);let _=' +
  'o.pxRound,v=e=>_(d(e,l,h,p)),y=e=>_(f(e,u,g,m)),b,x,S;l.ori==0?(b=Hi,S=Wi,x=Xi):(b=Ui,S=Gi' +
  ',x=Zi);let C=l.dir*(l.ori==0?1:-1),w=v(s[C==1?i:a]),T=w,E=[],D=[];for(let e=C==1?i:a;e>=i&' +
  '&e<=a;e+=C)if(c[e]!=null){let t=s[e],n=v(t);E.push(T=n),D.push(y(c[e]))}let O={stroke:e(E,' +
  'D,b,S,x,_),fill:null,clip:null,band:null,gaps:null,flags:ji},k=O.stroke,[A,j]=Pi(t,r);if(o' +
  '.fill!=null||A!=0){let e=O.fill=new Path2D(k),n=y(o.fillTo(t,r,o.min,o.max,A));S(e,T,n),S(' +
  'e,w,n)}if(!o.spanGaps){let e=[];e.push(...zi(s,c,i,a,C,v,n)),O.gaps=e=o.gaps(t,r,i,a,e),O.' +
  'clip=Li(e,l.ori,p,m,h,g)}return j!=0&&(O.band=j==2?[Ii(t,r,i,a,k,-1),Ii(t,r,i,a,k,1)]:Ii(t' +
  ',r,i,a,k,j)),O})}function sa(e){return oa(ca,e)}function ca(e,t,n,r,i,a){let o=e.length;if' +
  '(o<2)return null;let s=new Path2D;if(n(s,e[0],t[0]),o==2)r(s,e[1],t[1]);else{let n=Array(o' +
  '),r=Array(o-1),a=Array(o-1),c=Array(o-1);for(let n=0;n<o-1;n++)a[n]=t[n+1]-t[n],c[n]=e[n+1' +
  ']-e[n],r[n]=a[n]/c[n];n[0]=r[0];for(let e=1;e<o-1;e++)r[e]===0||r[e-1]===0||r[e-1]>0!=r[e]' +
  '>0?n[e]=0:(n[e]=3*(c[e-1]+c[e])/((2*c[e]+c[e-1])/r[e-1]+(c[e]+2*c[e-1])/r[e]),isFinite(n[e' +
  '])||(n[e]=0));n[o-1]=r[o-2];for(let r=0;r<o-1;r++)i(s,e[r]+c[r]/3,t[r]+n[r]*c[r]/3,e[r+1]-' +
  'c[r]/3,t[r+1]-n[r+1]*c[r]/3,e[r+1],t[r+1])}return s}var la=new Set;function ua(){for(let e' +
  ' of la)e.syncRect(!0)}gt&&(Pt(dt,vt,ua),Pt(ft,vt,ua,!0),Pt(mt,vt,()=>{Ea.pxRatio=V}));var ' +
  'da=na(),fa=Qi();function pa(e,t,n,r){return(r?[e[0],e[1]].concat(e.slice(2)):[e[0]].concat' +
  '(e.slice(1))).map((e,r)=>ha(e,r,t,n))}function ma(e,t){return e.map((e,n)=>n==0?{}:Wn({},t' +
  ',e))}function ha(e,t,n,r){return Wn({},t==0?n:r,e)}function ga(e,t,n){return t==null?Pn:[t' +
  ',n]}var _a=ga;function va(e,t,n){return t==null?Pn:Yt(t,n,Gt,!0)}function ya(e,t,n,r){retu' +
  'rn t==null?Pn:Ut(t,n,e.scales[r].log,!1)}var ba=ya;function xa(e,t,n,r){return t==null?Pn:' +
  'Wt(t,n,e.scales[r].log,!1)}var Sa=xa;function Ca(e,t,n,r,i){let a=cn(gn(e),gn(t)),o=t-e,s=' +
  'It(i/r*o,n);do{let e=n[s],t=r*e/o;if(t>=i&&a+(e<5?kn.get(e):0)<=17)return[e,t]}while(++s<n' +
  '.length);return[0,0]}function wa(e){let t,n;return e=e.replace(/(\\d+)px/,(e,r)=>(t=an((n=' +
  '+r)*V))+`px`),[e,t,n]}function Ta(e){e.show&&[e.font,e.labelFont].forEach(e=>{let t=K(e[2]' +
  '*V,1);e[0]=e[0].replace(/[0-9.]+px/,t+`px`),e[1]=t})}function Ea(e,t,n){let r={mode:U(e.mo' +
  'de,1)},i=r.mode;function a(e,t,n,r){let i=t.valToPct(e);return r+n*(t.dir==-1?1-i:i)}funct' +
  'ion o(e,t,n,r){let i=t.valToPct(e);return r+n*(t.dir==-1?i:1-i)}function s(e,t,n,r){return' +
  ' t.ori==0?a(e,t,n,r):o(e,t,n,r)}r.valToPosH=a,r.valToPosV=o;let c=!1;r.status=0;let l=r.ro' +
  'ot=Tt(je);if(e.id!=null&&(l.id=e.id),St(l,e.class),e.title){let t=Tt(Pe,l);t.textContent=e' +
  '.title}let u=wt(`canvas`),d=r.ctx=u.getContext(`2d`),f=Tt(Fe,l);Pt(`click`,f,e=>{e.target=' +
  '==m&&(J!=Yr||Y!=Xr)&&ti.click(r,e)},!0);let p=r.under=Tt(Ie,f);f.appendChild(u);let m=r.ov' +
  'er=Tt(Le,f);e=Un(e);let h=+U(e.pxAlign,1),g=Bi(h);(e.plugins||[]).forEach(t=>{t.opts&&(e=t' +
  '.opts(r,e)||e)});let _=e.ms||.001,v=r.series=i==1?pa(e.series||[],si,Ti,!1):ma(e.series||[' +
  'null],wi),y=r.axes=pa(e.axes||[],ii,yi,!0),b=r.scales={},x=r.bands=e.bands||[];x.forEach(e' +
  '=>{e.fill=W(e.fill||null),e.dir=U(e.dir,-1)});let S=i==2?v[1].facets[0].scale:v[0].scale,C' +
  '={axes:xr,series:sr},w=(e.drawOrder||[`axes`,`series`]).map(e=>C[e]);function T(e){let t=e' +
  '.distr==3?t=>dn(t>0?t:e.clamp(r,t,e.min,e.max,e.key)):e.distr==4?t=>mn(t,e.asinh):e.distr=' +
  '=100?t=>e.fwd(t):e=>e;return n=>{let r=t(n),{_min:i,_max:a}=e,o=a-i;return(r-i)/o}}functio' +
  'n E(t){let n=b[t];if(n==null){let r=(e.scales||Mn)[t]||Mn;if(r.from!=null){E(r.from);let e' +
  '=Wn({},b[r.from],r,{key:t});e.valToPct=T(e),b[t]=e}else{n=b[t]=Wn({},t==S?Di:Oi,r),n.key=t' +
  ';let e=n.time,a=n.range,o=Fn(a);if((t!=S||i==2&&!e)&&(o&&(a[0]==null||a[1]==null)&&(a={min' +
  ':a[0]==null?Kt:{mode:1,hard:a[0],soft:a[0]},max:a[1]==null?Kt:{mode:1,hard:a[1],soft:a[1]}' +
  '},o=!1),!o&&zn(a))){let e=a;a=(t,n,r)=>n==null?Pn:Yt(n,r,e)}n.range=W(a||(e?_a:t==S?n.dist' +
  'r==3?ba:n.distr==4?Sa:ga:n.distr==3?ya:n.distr==4?xa:va)),n.auto=W(!o&&n.auto),n.clamp=W(n' +
  '.clamp||Ei),n._min=n._max=null,n.valToPct=T(n)}}}E(`x`),E(`y`),i==1&&v.forEach(e=>{E(e.sca' +
  'le)}),y.forEach(e=>{E(e.scale)});for(let t in e.scales)E(t);let D=b[S],O=D.distr,k,A;D.ori' +
  '==0?(St(l,Me),k=a,A=o):(St(l,Ne),k=o,A=a);let j={};for(let e in b){let t=b[e];(t.min!=null' +
  '||t.max!=null)&&(j[e]={min:t.min,max:t.max},t.min=t.max=null)}let ee=e.tzDate||(e=>new Dat' +
  'e(an(e/_))),te=e.fmtDate||cr,ne=_==1?Ar(ee):Nr(ee),re=Fr(ee,Pr(_==1?kr:Mr,te)),ie=Br(ee,Rr' +
  '(zr,te)),ae=[],M=r.legend=Wn({},Ur,e.legend),N=r.cursor=Wn({},Qr,{drag:{y:i==2}},e.cursor)' +
  ',P=M.show,F=N.show,I=M.markers;M.idxs=ae,I.width=W(I.width),I.dash=W(I.dash),I.stroke=W(I.' +
  'stroke),I.fill=W(I.fill);let L,oe,se,ce=[],le=[],ue,de=!1,R={};if(M.live){let e=v[1]?v[1].' +
  'values:null;de=e!=null,ue=de?e(r,1,0):{_:0};for(let e in ue)R[e]=ht}if(P){if(L=wt(`table`,' +
  'We,l),se=wt(`tbody`,null,L),M.mount(r,L),de){oe=wt(`thead`,null,L,se);let e=wt(`tr`,null,o' +
  'e);for(var fe in wt(`th`,null,e),ue)wt(`th`,Ye,e).textContent=fe}else St(L,Ke),M.live&&St(' +
  'L,Ge)}let pe={show:!0},me={show:!1};function he(e,t){if(t==0&&(de||!M.live||i==2))return P' +
  'n;let n=[],a=wt(`tr`,qe,se,se.childNodes[t]);St(a,e.class),e.show||St(a,ze);let o=wt(`th`,' +
  'null,a);if(I.show){let e=Tt(Je,o);if(t>0){let n=I.width(r,t);n&&(e.style.border=n+`px `+I.' +
  'dash(r,t)+` `+I.stroke(r,t)),e.style.background=I.fill(r,t)}}let s=Tt(Ye,o);for(var c in e' +
  '.label instanceof HTMLElement?s.appendChild(e.label):s.textContent=e.label,t>0&&(I.show||(' +
  's.style.color=e.width>0?I.stroke(r,t):I.fill(r,t)),_e(`click`,o,t=>{if(N._lock)return;Nt(t' +
  ');let n=v.indexOf(e);if((t.ctrlKey||t.metaKey)!=M.isolate){let e=v.some((e,t)=>t>0&&t!=n&&' +
  'e.show);v.forEach((t,r)=>{r>0&&xi(r,e?r==n?pe:me:pe,!0,Q.setSeries)})}else xi(n,{show:!e.s' +
  'how},!0,Q.setSeries)},!1),zt&&_e(ct,o,t=>{N._lock||(Nt(t),xi(v.indexOf(e),Ri,!0,Q.setSerie' +
  's))},!1)),ue){let e=wt(`td`,Xe,a);e.textContent=`--`,n.push(e)}return[a,n]}let ge=new Map;' +
  'function _e(e,t,n,i=!0){let a=ge.get(t)||{},o=N.bind[e](r,t,n,i);o&&(Pt(e,t,a[e]=o),ge.set' +
  '(t,a))}function ve(e,t,n){let r=ge.get(t)||{};for(let n in r)(e==null||n==e)&&(Ft(n,t,r[n]' +
  '),delete r[n]);e??ge.delete(t)}let ye=0,be=0,z=0,B=0,xe=0,Se=0,Ce=xe,we=Se,Te=z,Ee=B,De=0,' +
  'Oe=0,ke=0,Ae=0;r.bbox={};let rt=!1,dt=!1,ft=!1,pt=!1,gt=!1,yt=!1;function bt(e,t,n){(n||e!' +
  '=r.width||t!=r.height)&&xt(e,t),Sr(!1),ft=!0,dt=!0,q()}function xt(e,t){r.width=ye=z=e,r.h' +
  'eight=be=B=t,xe=Se=0,At(),Mt();let n=r.bbox;De=n.left=En(xe*V,.5),Oe=n.top=En(Se*V,.5),ke=' +
  'n.width=En(z*V,.5),Ae=n.height=En(B*V,.5)}function Et(){let e=!1,t=0;for(;!e;){t++;let n=y' +
  'r(t),i=br(t);e=t==3||n&&i,e||(xt(r.width,r.height),dt=!0)}}function Ot({width:e,height:t})' +
  '{bt(e,t)}r.setSize=Ot;function At(){let e=!1,t=!1,n=!1,r=!1;y.forEach((i,a)=>{if(i.show&&i' +
  '._show){let{side:a,_size:o}=i,s=a%2,c=o+(i.label==null?0:i.labelSize);c>0&&(s?(z-=c,a==3?(' +
  'xe+=c,r=!0):n=!0):(B-=c,a==0?(Se+=c,e=!0):t=!0))}}),rn[0]=e,rn[1]=n,rn[2]=t,rn[3]=r,z-=yn[' +
  '1]+yn[3],xe+=yn[3],B-=yn[2]+yn[0],Se+=yn[0]}function Mt(){let e=xe+z,t=Se+B,n=xe,r=Se;func' +
  'tion i(i,a){switch(i){case 1:return e+=a,e-a;case 2:return t+=a,t-a;case 3:return n-=a,n+a' +
  ';case 0:return r-=a,r+a}}y.forEach((e,t)=>{if(e.show&&e._show){let t=e.side;e._pos=i(t,e._' +
  'size),e.label!=null&&(e._lpos=i(t,e.labelSize))}})}if(N.dataIdx==null){let e=N.hover,n=e.s' +
  'kip=new Set(e.skip??[]);n.add(void 0);let r=e.prox=W(e.prox),i=e.bias??=0;N.dataIdx=(e,a,o' +
  ',s)=>{if(a==0)return o;let c=o,l=r(e,a,o,s)??hn,u=l>=0&&l<hn,d=D.ori==0?z:B,f=N.left,p=t[0' +
  '],m=t[a];if(n.has(m[o])){c=null;let e=null,t=null,r;if(i==0||i==-1)for(r=o;e==null&&r-->0;' +
  ')n.has(m[r])||(e=r);if(i==0||i==1)for(r=o;t==null&&r++<m.length;)n.has(m[r])||(t=r);if(e!=' +
  'null||t!=null){if(u){let n=e==null?-1/0:k(p[e],D,d,0),r=t==null?1/0:k(p[t],D,d,0),i=f-n,a=' +
  'r-f;i<=a?i<=l&&(c=e):a<=l&&(c=t)}else c=t==null?e:e==null?t:o-e<=t-o?e:t}}else u&&nn(f-k(p' +
  '[o],D,d,0))>l&&(c=null);return c}}let Nt=e=>{N.event=e};N.idxs=ae,N._lock=!1;let Lt=N.poin' +
  'ts;Lt.show=W(Lt.show),Lt.size=W(Lt.size),Lt.stroke=W(Lt.stroke),Lt.width=W(Lt.width),Lt.fi' +
  'll=W(Lt.fill);let Rt=r.focus=Wn({},e.focus||{alpha:.3},N.focus),zt=Rt.prox>=0,Bt=zt&&Lt.on' +
  'e,Vt=[],qt=[],Jt=[];function Zt(e,t){let n=Lt.show(r,t);if(n instanceof HTMLElement)return' +
  ' St(n,Ue),St(n,e.class),Dt(n,-10,-10,z,B),m.insertBefore(n,Vt[t]),n}function Qt(e,t){if(i=' +
  '=1||t>0){let t=i==1&&b[e.scale].time,n=e.value;e.value=t?Rn(n)?Br(ee,Rr(n,te)):n||ie:n||vi' +
  ',e.label=e.label||(t?oi:ai)}if(Bt||t>0){e.width=e.width==null?1:e.width,e.paths=e.paths||d' +
  'a||Sn,e.fillTo=W(e.fillTo||Fi),e.pxAlign=+U(e.pxAlign,h),e.pxRound=Bi(e.pxAlign),e.stroke=' +
  'W(e.stroke||null),e.fill=W(e.fill||null),e._stroke=e._fill=e._paths=e._focus=null;let t=bi' +
  '(cn(1,e.width),1),n=e.points=Wn({},{size:t,width:cn(1,t*.2),stroke:e.stroke,space:t*2,path' +
  's:fa,_stroke:null,_fill:null},e.points);n.show=W(n.show),n.filter=W(n.filter),n.fill=W(n.f' +
  'ill),n.stroke=W(n.stroke),n.paths=W(n.paths),n.pxAlign=e.pxAlign}if(P){let n=he(e,t);ce.sp' +
  'lice(t,0,n[0]),le.splice(t,0,n[1]),M.values.push(null)}if(F){ae.splice(t,0,null);let n=nul' +
  'l;Bt?t==0&&(n=Zt(e,t)):t>0&&(n=Zt(e,t)),Vt.splice(t,0,n),qt.splice(t,0,0),Jt.splice(t,0,0)' +
  '}Aa(`addSeries`,t)}function $t(e,t){t??=v.length,e=i==1?ha(e,t,si,Ti):ha(e,t,{},wi),v.spli' +
  'ce(t,0,e),Qt(v[t],t)}r.addSeries=$t;function en(e){if(v.splice(e,1),P){M.values.splice(e,1' +
  '),le.splice(e,1);let t=ce.splice(e,1)[0];ve(null,t.firstChild),t.remove()}F&&(ae.splice(e,' +
  '1),Vt.splice(e,1)[0].remove(),qt.splice(e,1),Jt.splice(e,1)),Aa(`delSeries`,e)}r.delSeries' +
  '=en;let rn=[!1,!1,!1,!1];function un(e,t){if(e._show=e.show,e.show){let n=e.side%2,i=b[e.s' +
  'cale];i??=(e.scale=n?v[1].scale:S,b[e.scale]);let a=i.time;e.size=W(e.size),e.space=W(e.sp' +
  'ace),e.rotate=W(e.rotate),Fn(e.incrs)&&e.incrs.forEach(e=>{!kn.has(e)&&kn.set(e,An(e))}),e' +
  '.incrs=W(e.incrs||(i.distr==2?hr:a?_==1?Or:jr:gr)),e.splits=W(e.splits||(a&&i.distr==1?ne:' +
  'i.distr==3?ui:i.distr==4?di:li)),e.stroke=W(e.stroke),e.grid.stroke=W(e.grid.stroke),e.tic' +
  'ks.stroke=W(e.ticks.stroke),e.border.stroke=W(e.border.stroke);let o=e.values;e.values=Fn(' +
  'o)&&!Fn(o[0])?W(o):a?Fn(o)?Fr(ee,Pr(o,te)):Rn(o)?Ir(ee,o):o||re:o||ci,e.filter=W(e.filter|' +
  '|(i.distr>=3&&i.log==10?gi:i.distr==3&&i.log==2?_i:xn)),e.font=wa(e.font),e.labelFont=wa(e' +
  '.labelFont),e._size=e.size(r,null,t,0),e._space=e._rotate=e._incrs=e._found=e._splits=e._v' +
  'alues=null,e._size>0&&(rn[t]=!0,e._el=Tt(Re,f))}}function fn(e,t,n,r){let[i,a,o,s]=n,c=t%2' +
  ',l=0;return c==0&&(s||a)&&(l=t==0&&!i||t==2&&!o?an(ii.size/3):0),c==1&&(i||o)&&(l=t==1&&!a' +
  '||t==3&&!s?an(yi.size/2):0),l}let gn=r.padding=(e.padding||[fn,fn,fn,fn]).map(e=>W(U(e,fn)' +
  ')),yn=r._padding=gn.map((e,t)=>e(r,t,rn,0)),bn,Tn=null,G=null,Dn=i==1?v[0].idxs:null,On=nu' +
  'll,jn=!1;function In(e,n){if(t=e??[],r.data=r._data=t,i==2){bn=0;for(let e=1;e<v.length;e+' +
  '+)bn+=t[e][0].length}else{t.length==0&&(r.data=r._data=t=[[]]),On=t[0],bn=On.length;let e=' +
  't;if(O==2){e=t.slice();let n=e[0]=Array(bn);for(let e=0;e<bn;e++)n[e]=e}r._data=t=e}if(Sr(' +
  '!0),Aa(`setData`),O==2&&(ft=!0),n!==!1){let e=D;e.auto(r,jn)?Vn():hi(S,e.min,e.max),pt||=N' +
  '.left>=0,yt=!0,q()}}r.setData=In;function Vn(){jn=!0;let e,n;i==1&&(bn>0?(Tn=Dn[0]=0,G=Dn[' +
  '1]=bn-1,e=t[0][Tn],n=t[0][G],O==2?(e=Tn,n=G):e==n&&(O==3?[e,n]=Ut(e,e,D.log,!1):O==4?[e,n]' +
  '=Wt(e,e,D.log,!1):D.time?n=e+an(86400/_):[e,n]=Yt(e,n,Gt,!0))):(Tn=Dn[0]=e=null,G=Dn[1]=n=' +
  'null)),hi(S,e,n)}let Hn,Gn,Kn,qn,Jn,Yn,Zn,Qn,$n,er;function tr(e,t,n,r,i,a){e??=it,n??=Nn,' +
  'r??=`butt`,i??=it,a??=`round`,e!=Hn&&(d.strokeStyle=Hn=e),i!=Gn&&(d.fillStyle=Gn=i),t!=Kn&' +
  '&(d.lineWidth=Kn=t),a!=Jn&&(d.lineJoin=Jn=a),r!=Yn&&(d.lineCap=Yn=r),n!=qn&&d.setLineDash(' +
  'qn=n)}function nr(e,t,n,r){t!=Gn&&(d.fillStyle=Gn=t),e!=Zn&&(d.font=Zn=e),n!=Qn&&(d.textAl' +
  'ign=Qn=n),r!=$n&&(d.textBaseline=$n=r)}function rr(e,t,n,i,a=0){if(i.length>0&&e.auto(r,jn' +
  ')&&(t==null||t.min==null)){let t=U(Tn,0),r=U(G,i.length-1),o=n.min==null?Ht(i,t,r,a,e.dist' +
  'r==3):[n.min,n.max];e.min=sn(e.min,n.min=o[0]),e.max=cn(e.max,n.max=o[1])}}let ir={min:nul' +
  'l,max:null};function ar(){for(let e in b){let t=b[e];j[e]==null&&(t.min==null||j[S]!=null&' +
  '&t.auto(r,jn))&&(j[e]=ir)}for(let e in b){let t=b[e];j[e]==null&&t.from!=null&&j[t.from]!=' +
  'null&&(j[e]=ir)}j[S]!=null&&Sr(!0);let e={};for(let t in j){let n=j[t];if(n!=null){let a=e' +
  '[t]=Un(b[t],Bn);if(n.min!=null)Wn(a,n);else if(t!=S||i==2){if(bn==0&&a.from==null){let e=a' +
  '.range(r,null,null,t);a.min=e[0],a.max=e[1]}else a.min=hn,a.max=-1/0}}}if(bn>0){v.forEach(' +
  '(n,a)=>{if(i==1){let i=n.scale,o=j[i];if(o==null)return;let s=e[i];if(a==0){let e=s.range(' +
  'r,s.min,s.max,i);s.min=e[0],s.max=e[1],Tn=It(s.min,t[0]),G=It(s.max,t[0]),G-Tn>1&&(t[0][Tn' +
  ']<s.min&&Tn++,t[0][G]>s.max&&G--),n.min=On[Tn],n.max=On[G]}else n.show&&n.auto&&rr(s,o,n,t' +
  '[a],n.sorted);n.idxs[0]=Tn,n.idxs[1]=G}else if(a>0&&n.show&&n.auto){let[r,i]=n.facets,o=r.' +
  'scale,s=i.scale,[c,l]=t[a],u=e[o],d=e[s];u!=null&&rr(u,j[o],r,c,r.sorted),d!=null&&rr(d,j[' +
  's],i,l,i.sorted),n.min=i.min,n.max=i.max}});for(let t in e){let n=e[t],i=j[t];if(n.from==n' +
  'ull&&(i==null||i.min==null)){let e=n.range(r,n.min==hn?null:n.min,n.max==-1/0?null:n.max,t' +
  ');n.min=e[0],n.max=e[1]}}}for(let t in e){let n=e[t];if(n.from!=null){let i=e[n.from];if(i' +
  '.min==null)n.min=n.max=null;else{let e=n.range(r,i.min,i.max,t);n.min=e[0],n.max=e[1]}}}le' +
  't n={},a=!1;for(let t in e){let r=e[t],i=b[t];if(i.min!=r.min||i.max!=r.max){i.min=r.min,i' +
  '.max=r.max;let e=i.distr;i._min=e==3?dn(i.min):e==4?mn(i.min,i.asinh):e==100?i.fwd(i.min):' +
  'i.min,i._max=e==3?dn(i.max):e==4?mn(i.max,i.asinh):e==100?i.fwd(i.max):i.max,n[t]=a=!0}}if' +
  '(a){v.forEach((e,t)=>{i==2?t>0&&n.y&&(e._paths=null):n[e.scale]&&(e._paths=null)});for(let' +
  ' e in n)ft=!0,Aa(`setScale`,e);F&&N.left>=0&&(pt=yt=!0)}for(let e in j)j[e]=null}function ' +
  'or(e){let t=_n(Tn-1,0,bn-1),n=_n(G+1,0,bn-1);for(;e[t]==null&&t>0;)t--;for(;e[n]==null&&n<' +
  'bn-1;)n++;return[t,n]}function sr(){if(bn>0){let e=v.some(e=>e._focus)&&er!=Rt.alpha;e&&(d' +
  '.globalAlpha=er=Rt.alpha),v.forEach((e,n)=>{if(n>0&&e.show&&(lr(n,!1),lr(n,!0),e._paths==n' +
  'ull)){let a=er;er!=e.alpha&&(d.globalAlpha=er=e.alpha);let o=i==2?[0,t[n][0].length-1]:or(' +
  't[n]);e._paths=e.paths(r,n,o[0],o[1]),er!=a&&(d.globalAlpha=er=a)}}),v.forEach((e,t)=>{if(' +
  't>0&&e.show){let n=er;er!=e.alpha&&(d.globalAlpha=er=e.alpha),e._paths!=null&&ur(t,!1);{le' +
  't n=e._paths==null?null:e._paths.gaps,i=e.points.show(r,t,Tn,G,n),a=e.points.filter(r,t,i,' +
  'n);(i||a)&&(e.points._paths=e.points.paths(r,t,Tn,G,a),ur(t,!0))}er!=n&&(d.globalAlpha=er=' +
  'n),Aa(`drawSeries`,t)}}),e&&(d.globalAlpha=er=1)}}function lr(e,t){let n=t?v[e].points:v[e' +
  '];n._stroke=n.stroke(r,e),n._fill=n.fill(r,e)}function ur(e,t){let n=t?v[e].points:v[e],{s' +
  'troke:r,fill:i,clip:a,flags:o,_stroke:s=n._stroke,_fill:c=n._fill,_width:l=n.width}=n._pat' +
  'hs;l=K(l*V,3);let u=null,f=l%2/2;t&&c==null&&(c=l>0?`#fff`:s);let p=n.pxAlign==1&&f>0;if(p' +
  '&&d.translate(f,f),!t){let e=De-l/2,t=Oe-l/2,n=ke+l,r=Ae+l;u=new Path2D,u.rect(e,t,n,r)}t?' +
  'fr(s,l,n.dash,n.cap,c,r,i,o,a):dr(e,s,l,n.dash,n.cap,c,r,i,o,u,a),p&&d.translate(-f,-f)}fu' +
  'nction dr(e,n,i,a,o,s,c,l,u,d,f){let p=!1;u!=0&&x.forEach((m,h)=>{if(m.series[0]==e){let e' +
  '=v[m.series[1]],g=t[m.series[1]],_=(e._paths||Mn).band;Fn(_)&&(_=m.dir==1?_[0]:_[1]);let y' +
  ',b=null;e.show&&_&&Xt(g,Tn,G)?(b=m.fill(r,h)||s,y=e._paths.clip):_=null,fr(n,i,a,o,b,c,l,u' +
  ',d,f,y,_),p=!0}}),p||fr(n,i,a,o,s,c,l,u,d,f)}function fr(e,t,n,r,i,a,o,s,c,l,u,f){tr(e,t,n' +
  ',r,i),(c||l||f)&&(d.save(),c&&d.clip(c),l&&d.clip(l)),f?(s&3)==3?(d.clip(f),u&&d.clip(u),m' +
  'r(i,o),pr(e,a,t)):s&Mi?(mr(i,o),d.clip(f),pr(e,a,t)):s&ji&&(d.save(),d.clip(f),u&&d.clip(u' +
  '),mr(i,o),d.restore(),pr(e,a,t)):(mr(i,o),pr(e,a,t)),(c||l||f)&&d.restore()}function pr(e,' +
  't,n){n>0&&(t instanceof Map?t.forEach((e,t)=>{d.strokeStyle=Hn=t,d.stroke(e)}):t!=null&&e&' +
  '&d.stroke(t))}function mr(e,t){t instanceof Map?t.forEach((e,t)=>{d.fillStyle=Gn=t,d.fill(' +
  'e)}):t!=null&&e&&d.fill(t)}function _r(e,t,n,i){let a=y[e],o;if(i<=0)o=[0,0];else{let s=a.' +
  '_space=a.space(r,e,t,n,i);o=Ca(t,n,a._incrs=a.incrs(r,e,t,n,i,s),i,s)}return a._found=o}fu' +
  'nction vr(e,t,n,r,i,a,o,s,c,l){let u=o%2/2;h==1&&d.translate(u,u),tr(s,o,c,l,s),d.beginPat' +
  'h();let f,p,m,g,_=i+(r==0||r==3?-a:a);n==0?(p=i,g=_):(f=i,m=_);for(let r=0;r<e.length;r++)' +
  't[r]!=null&&(n==0?f=m=e[r]:p=g=e[r],d.moveTo(f,p),d.lineTo(m,g));d.stroke(),h==1&&d.transl' +
  'ate(-u,-u)}function yr(e){let t=!0;return y.forEach((n,i)=>{if(!n.show)return;let a=b[n.sc' +
  'ale];if(a.min==null){n._show&&(t=!1,n._show=!1,Sr(!1));return}n._show||(t=!1,n._show=!0,Sr' +
  '(!1));let o=n.side,s=o%2,{min:c,max:l}=a,[u,d]=_r(i,c,l,s==0?z:B);if(d==0)return;let f=a.d' +
  'istr==2,p=n._splits=n.splits(r,i,c,l,u,d,f),m=a.distr==2?p.map(e=>On[e]):p,h=a.distr==2?On' +
  '[p[1]]-On[p[0]]:u,g=n._values=n.values(r,n.filter(r,m,i,d,h),i,d,h);n._rotate=o==2?n.rotat' +
  'e(r,g,i,d):0;let _=n._size;n._size=on(n.size(r,g,i,e)),_!=null&&n._size!=_&&(t=!1)}),t}fun' +
  'ction br(e){let t=!0;return gn.forEach((n,i)=>{let a=n(r,i,rn,e);a!=yn[i]&&(t=!1),yn[i]=a}' +
  '),t}function xr(){for(let e=0;e<y.length;e++){let t=y[e];if(!t.show||!t._show)continue;let' +
  ' n=t.side,i=n%2,a,o,c=t.stroke(r,e),l=n==0||n==3?-1:1,[u,f]=t._found;if(t.label!=null){let' +
  ' s=t.labelGap*l,p=an((t._lpos+s)*V);nr(t.labelFont[0],c,`center`,n==2?$e:et),d.save(),i==1' +
  '?(a=o=0,d.translate(p,an(Oe+Ae/2)),d.rotate((n==3?-tn:tn)/2)):(a=an(De+ke/2),o=p);let m=vn' +
  '(t.label)?t.label(r,e,u,f):t.label;d.fillText(m,a,o),d.restore()}if(f==0)continue;let p=b[' +
  't.scale],m=i==0?ke:Ae,h=i==0?De:Oe,_=t._splits,v=p.distr==2?_.map(e=>On[e]):_,x=p.distr==2' +
  '?On[_[1]]-On[_[0]]:u,S=t.ticks,C=t.border,w=S.show?S.size:0,T=an(w*V),E=an((t.alignTo==2?t' +
  '._size-w-t.gap:t.gap)*V),D=t._rotate*-tn/180,O=g(t._pos*V),k=O+(T+E)*l;o=i==0?k:0,a=i==1?k' +
  ':0;let A=t.font[0];nr(A,c,t.align==1?tt:t.align==2?nt:D>0?tt:D<0?nt:i==0?`center`:n==3?nt:' +
  'tt,D||i==1?`middle`:n==2?$e:et);let j=t.font[1]*t.lineGap,ee=_.map(e=>g(s(e,p,m,h))),te=t.' +
  '_values;for(let e=0;e<te.length;e++){let t=te[e];if(t!=null){i==0?a=ee[e]:o=ee[e],t=``+t;l' +
  'et n=t.indexOf(`\n`)==-1?[t]:t.split(/\\n/gm);for(let e=0;e<n.length;e++){let t=n[e];D?(d.' +
  'save(),d.translate(a,o+e*j),d.rotate(D),d.fillText(t,0,0),d.restore()):d.fillText(t,a,o+e*' +
  'j)}}}S.show&&vr(ee,S.filter(r,v,e,f,x),i,n,O,T,K(S.width*V,3),S.stroke(r,e),S.dash,S.cap);' +
  'let ne=t.grid;ne.show&&vr(ee,ne.filter(r,v,e,f,x),i,i==0?2:1,i==0?Oe:De,i==0?Ae:ke,K(ne.wi' +
  'dth*V,3),ne.stroke(r,e),ne.dash,ne.cap),C.show&&vr([O],[1],+(i==0),i==0?1:2,i==1?Oe:De,i==' +
  '1?Ae:ke,K(C.width*V,3),C.stroke(r,e),C.dash,C.cap)}Aa(`drawAxes`)}function Sr(e){v.forEach' +
  '((t,n)=>{n>0&&(t._paths=null,e&&(i==1?(t.min=null,t.max=null):t.facets.forEach(e=>{e.min=n' +
  'ull,e.max=null})))})}let Cr=!1,wr=!1,Tr=[];function Er(){wr=!1;for(let e=0;e<Tr.length;e++' +
  ')Aa(...Tr[e]);Tr.length=0}function q(){Cr||=(Xn(Lr),!0)}function Dr(e,t=!1){Cr=!0,wr=t,e(r' +
  '),Lr(),t&&Tr.length>0&&queueMicrotask(Er)}r.batch=Dr;function Lr(){if(rt&&=(ar(),!1),ft&&=' +
  '(Et(),!1),dt){if(H(p,tt,xe),H(p,$e,Se),H(p,Ze,z),H(p,Qe,B),H(m,tt,xe),H(m,$e,Se),H(m,Ze,z)' +
  ',H(m,Qe,B),H(f,Ze,ye),H(f,Qe,be),u.width=an(ye*V),u.height=an(be*V),y.forEach(({_el:e,_sho' +
  'w:t,_size:n,_pos:r,side:i})=>{if(e!=null){if(t){let t=i===3||i===0?n:0,a=i%2==1;H(e,a?`lef' +
  't`:`top`,r-t),H(e,a?`width`:`height`,n),H(e,a?`top`:`left`,a?Se:xe),H(e,a?`height`:`width`' +
  ',a?B:z),Ct(e,ze)}else St(e,ze)}}),Hn=Gn=Kn=Jn=Yn=Zn=Qn=$n=qn=null,er=1,Qi(!0),xe!=Ce||Se!=' +
  'we||z!=Te||B!=Ee){Sr(!1);let e=z/Te,t=B/Ee;if(F&&!pt&&N.left>=0){N.left*=e,N.top*=t,Gr&&Dt' +
  '(Gr,an(N.left),0,z,B),Kr&&Dt(Kr,0,an(N.top),z,B);for(let n=0;n<Vt.length;n++){let r=Vt[n];' +
  'r!=null&&(qt[n]*=e,Jt[n]*=t,Dt(r,on(qt[n]),on(Jt[n]),z,B))}}if(X.show&&!gt&&X.left>=0&&X.w' +
  'idth>0){X.left*=e,X.width*=e,X.top*=t,X.height*=t;for(let e in ta)H(fi,e,X[e])}Ce=xe,we=Se' +
  ',Te=z,Ee=B}Aa(`setSize`),dt=!1}ye>0&&be>0&&(d.clearRect(0,0,u.width,u.height),Aa(`drawClea' +
  'r`),w.forEach(e=>e()),Aa(`draw`)),X.show&&gt&&(pi(X),gt=!1),F&&pt&&(Xi(null,!0,!1),pt=!1),' +
  'M.show&&M.live&&yt&&(Ji(),yt=!1),c||(c=!0,r.status=1,Aa(`ready`)),jn=!1,Cr=!1}r.redraw=(e,' +
  't)=>{ft=t||!1,e===!1?q():hi(S,D.min,D.max)};function Vr(e,n){let i=b[e];if(i.from==null){i' +
  'f(bn==0){let t=i.range(r,n.min,n.max,e);n.min=t[0],n.max=t[1]}if(n.min>n.max){let e=n.min;' +
  'n.min=n.max,n.max=e}if(bn>1&&n.min!=null&&n.max!=null&&n.max-n.min<1e-16)return;e==S&&i.di' +
  'str==2&&bn>0&&(n.min=It(n.min,t[0]),n.max=It(n.max,t[0]),n.min==n.max&&n.max++),j[e]=n,rt=' +
  '!0,q()}}r.setScale=Vr;let Hr,Wr,Gr,Kr,qr,Jr,Yr,Xr,Zr,$r,J,Y,ei=!1,ti=N.drag,ni=ti.x,ri=ti.' +
  'y;F&&(N.x&&(Hr=Tt(Ve,m)),N.y&&(Wr=Tt(He,m)),D.ori==0?(Gr=Hr,Kr=Wr):(Gr=Wr,Kr=Hr),J=N.left,' +
  'Y=N.top);let X=r.select=Wn({show:!0,over:!0,left:0,width:0,top:0,height:0},e.select),fi=X.' +
  'show?Tt(Be,X.over?m:p):null;function pi(e,t){if(X.show){for(let t in e)X[t]=e[t],t in ta&&' +
  'H(fi,t,e[t]);t!==!1&&Aa(`setSelect`)}}r.setSelect=pi;function mi(e){if(v[e].show)P&&Ct(ce[' +
  'e],ze);else if(P&&St(ce[e],ze),F){let t=Bt?Vt[0]:Vt[e];t!=null&&Dt(t,-10,-10,z,B)}}functio' +
  'n hi(e,t,n){Vr(e,{min:t,max:n})}function xi(e,t,n,a){t.focus!=null&&zi(e),t.show!=null&&v.' +
  'forEach((n,r)=>{r>0&&(e==r||e==null)&&(n.show=t.show,mi(r),i==2?(hi(n.facets[0].scale,null' +
  ',null),hi(n.facets[1].scale,null,null)):hi(n.scale,null,null),q())}),n!==!1&&Aa(`setSeries' +
  '`,e,t),a&&Na(`setSeries`,r,e,t)}r.setSeries=xi;function Si(e,t){Wn(x[e],t)}function Ci(e,t' +
  '){e.fill=W(e.fill||null),e.dir=U(e.dir,-1),t??=x.length,x.splice(t,0,e)}function ki(e){e==' +
  'null?x.length=0:x.splice(e,1)}r.addBand=Ci,r.setBand=Si,r.delBand=ki;function Ni(e,t){v[e]' +
  '.alpha=t,F&&Vt[e]!=null&&(Vt[e].style.opacity=t),P&&ce[e]&&(ce[e].style.opacity=t)}let Pi,' +
  'Ii,Li,Ri={focus:!0};function zi(e){if(e!=Li){let t=e==null,n=Rt.alpha!=1;v.forEach((r,a)=>' +
  '{if(i==1||a>0){let i=t||a==0||a==e;r._focus=t?null:i,n&&Ni(a,i?1:Rt.alpha)}}),Li=e,n&&q()}' +
  '}P&&zt&&_e(lt,L,e=>{N._lock||(Nt(e),Li!=null&&xi(null,Ri,!0,Q.setSeries))});function Vi(e,' +
  't,n){let r=b[t];n&&(e=e/V-(r.ori==1?Se:xe));let i=z;r.ori==1&&(i=B,e=i-e),r.dir==-1&&(e=i-' +
  'e);let a=r._min,o=r._max,s=e/i,c=a+(o-a)*s,l=r.distr;return l==3?ln(10,c):l==4?pn(c,r.asin' +
  'h):l==100?r.bwd(c):c}function Hi(e,n){return It(Vi(e,S,n),t[0],Tn,G)}r.valToIdx=e=>It(e,t[' +
  '0]),r.posToIdx=Hi,r.posToVal=Vi,r.valToPos=(e,t,n)=>b[t].ori==0?a(e,b[t],n?ke:z,n?De:0):o(' +
  'e,b[t],n?Ae:B,n?Oe:0),r.setCursor=(e,t,n)=>{J=e.left,Y=e.top,Xi(null,t,n)};function Ui(e,t' +
  '){H(fi,tt,X.left=e),H(fi,Ze,X.width=t)}function Wi(e,t){H(fi,$e,X.top=e),H(fi,Qe,X.height=' +
  't)}let Gi=D.ori==0?Ui:Wi,Ki=D.ori==1?Ui:Wi;function qi(){if(P&&M.live)for(let e=+(i==2);e<' +
  'v.length;e++){if(e==0&&de)continue;let t=M.values[e],n=0;for(let r in t)le[e][n++].firstCh' +
  'ild.nodeValue=t[r]}}function Ji(e,t){if(e!=null&&(e.idxs?e.idxs.forEach((e,t)=>{ae[t]=e}):' +
  'Ln(e.idx)||ae.fill(e.idx),M.idx=ae[0]),P&&M.live){for(let e=0;e<v.length;e++)(e>0||i==1&&!' +
  'de)&&Yi(e,ae[e]);qi()}yt=!1,t!==!1&&Aa(`setLegend`)}r.setLegend=Ji;function Yi(e,n){let i=' +
  'v[e],a=e==0&&O==2?On:t[e],o;de?o=i.values(r,e,n)??R:(o=i.value(r,n==null?null:a[n],e,n),o=' +
  'o==null?R:{_:o}),M.values[e]=o}function Xi(e,n,a){Zr=J,$r=Y,[J,Y]=N.move(r,J,Y),N.left=J,N' +
  '.top=Y,F&&(Gr&&Dt(Gr,an(J),0,z,B),Kr&&Dt(Kr,0,an(Y),z,B));let o,s=Tn>G;Pi=hn,Ii=null;let c' +
  '=D.ori==0?z:B,l=D.ori==1?z:B;if(J<0||bn==0||s){o=N.idx=null;for(let e=0;e<v.length;e++){le' +
  't t=Vt[e];t!=null&&Dt(t,-10,-10,z,B)}zt&&xi(null,Ri,!0,e==null&&Q.setSeries),M.live&&(ae.f' +
  'ill(o),yt=!0)}else{let e,n,a;i==1&&(e=D.ori==0?J:Y,n=Vi(e,S),o=N.idx=It(n,t[0],Tn,G),a=k(t' +
  '[0][o],D,c,0));let s=-10,u=-10,d=0,f=0,p=!0,m=``,h=``;for(let e=+(i==2);e<v.length;e++){le' +
  't g=v[e],_=ae[e],y=_==null?null:i==1?t[e][_]:t[e][1][_],x=N.dataIdx(r,e,o,n),S=x==null?nul' +
  'l:i==1?t[e][x]:t[e][1][x];if(yt=yt||S!=y||x!=_,ae[e]=x,e>0&&g.show){let n=x==null?-10:x==o' +
  '?a:k(i==1?t[0][x]:t[e][0][x],D,c,0),_=S==null?-10:A(S,i==1?b[g.scale]:b[g.facets[1].scale]' +
  ',l,0);if(zt&&S!=null){let t=D.ori==1?J:Y,n=nn(Rt.dist(r,e,x,_,t));if(n<Pi){let r=Rt.bias;i' +
  'f(r!=0){let i=Vi(t,g.scale),a=S>=0?1:-1,o=i>=0?1:-1;o==a&&(o==1?r==1?S>=i:S<=i:r==1?S<=i:S' +
  '>=i)&&(Pi=n,Ii=e)}else Pi=n,Ii=e}}if(yt||Bt){let t,i;D.ori==0?(t=n,i=_):(t=_,i=n);let a,o,' +
  'c,l,g,v,y=!0,b=Lt.bbox;if(b!=null){y=!1;let t=b(r,e);c=t.left,l=t.top,a=t.width,o=t.height' +
  '}else c=t,l=i,a=o=Lt.size(r,e);if(v=Lt.fill(r,e),g=Lt.stroke(r,e),Bt)e==Ii&&Pi<=Rt.prox&&(' +
  's=c,u=l,d=a,f=o,p=y,m=v,h=g);else{let t=Vt[e];t!=null&&(qt[e]=c,Jt[e]=l,jt(t,a,o,y),kt(t,v' +
  ',g),Dt(t,on(c),on(l),z,B))}}}}if(Bt){let e=Rt.prox;if(yt||(Li==null?Pi<=e:Pi>e||Ii!=Li)){l' +
  'et e=Vt[0];e!=null&&(qt[0]=s,Jt[0]=u,jt(e,d,f,p),kt(e,m,h),Dt(e,on(s),on(u),z,B))}}}if(X.s' +
  'how&&ei){if(e!=null){let[t,n]=Q.scales,[r,i]=Q.match,[a,o]=e.cursor.sync.scales,s=e.cursor' +
  '.drag;if(ni=s._x,ri=s._y,ni||ri){let{left:s,top:u,width:d,height:f}=e.select,p=e.scales[a]' +
  '.ori,m=e.posToVal,h,g,_,v,y,x=t!=null&&r(t,a),S=n!=null&&i(n,o);x&&ni?(p==0?(h=s,g=d):(h=u' +
  ',g=f),_=b[t],v=k(m(h,a),_,c,0),y=k(m(h+g,a),_,c,0),Gi(sn(v,y),nn(y-v))):Gi(0,c),S&&ri?(p==' +
  '1?(h=s,g=d):(h=u,g=f),_=b[n],v=A(m(h,o),_,l,0),y=A(m(h+g,o),_,l,0),Ki(sn(v,y),nn(y-v))):Ki' +
  '(0,l)}else na()}else{let e=nn(Zr-qr),t=nn($r-Jr);if(D.ori==1){let n=e;e=t,t=n}ni=ti.x&&e>=' +
  'ti.dist,ri=ti.y&&t>=ti.dist;let n=ti.uni;n==null?ti.x&&ti.y&&(ni||ri)&&(ni=ri=!0):ni&&ri&&' +
  '(ni=e>=n,ri=t>=n,!ni&&!ri&&(t>e?ri=!0:ni=!0));let r,i;ni&&(D.ori==0?(r=Yr,i=J):(r=Xr,i=Y),' +
  'Gi(sn(r,i),nn(i-r)),ri||Ki(0,l)),ri&&(D.ori==1?(r=Yr,i=J):(r=Xr,i=Y),Ki(sn(r,i),nn(i-r)),n' +
  'i||Gi(0,c)),!ni&&!ri&&(Gi(0,0),Ki(0,0))}}if(ti._x=ni,ti._y=ri,e==null){if(a){if(ja!=null){' +
  'let[e,t]=Q.scales;Q.values[0]=e==null?null:Vi(D.ori==0?J:Y,e),Q.values[1]=t==null?null:Vi(' +
  'D.ori==1?J:Y,t)}Na(at,r,J,Y,z,B,o)}if(zt){let e=a&&Q.setSeries,t=Rt.prox;Li==null?Pi<=t&&x' +
  'i(Ii,Ri,!0,e):Pi>t?xi(null,Ri,!0,e):Ii!=Li&&xi(Ii,Ri,!0,e)}}yt&&(M.idx=o,Ji()),n!==!1&&Aa(' +
  '`setCursor`)}let Zi=null;Object.defineProperty(r,"rect",{get(){return Zi??Qi(!1),Zi}});fun' +
  'ction Qi(e=!1){e?Zi=null:(Zi=m.getBoundingClientRect(),Aa(`syncRect`,Zi))}function $i(e,t,' +
  'n,r,i,a,o){N._lock||ei&&e!=null&&e.movementX==0&&e.movementY==0||(ea(e,t,n,r,i,a,o,!1,e!=n' +
  'ull),e==null?Xi(t,!0,!1):Xi(null,!0,!0))}function ea(e,t,n,i,a,o,c,l,u){if(Zi??Qi(!1),Nt(e' +
  '),e!=null)n=e.clientX-Zi.left,i=e.clientY-Zi.top;else{if(n<0||i<0){J=-10,Y=-10;return}let[' +
  'e,r]=Q.scales,c=t.cursor.sync,[l,u]=c.values,[d,f]=c.scales,[p,m]=Q.match,h=t.axes[0].side' +
  '%2==1,g=D.ori==0?z:B,_=D.ori==1?z:B,v=h?o:a,y=h?a:o,x=h?i:n,S=h?n:i;if(n=d==null?x/v*g:p(e' +
  ',d)?s(l,b[e],g,0):-10,i=f==null?S/y*_:m(r,f)?s(u,b[r],_,0):-10,D.ori==1){let e=n;n=i,i=e}}' +
  'u&&(t==null||t.cursor.event.type==at)&&((n<=1||n>=z-1)&&(n=En(n,z)),(i<=1||i>=B-1)&&(i=En(' +
  'i,B))),l?(qr=n,Jr=i,[Yr,Xr]=N.move(r,n,i)):(J=n,Y=i)}let ta={width:0,height:0,left:0,top:0' +
  '};function na(){pi(ta,!1)}let ra,ia,aa,oa;function sa(e,t,n,i,a,o,s){ei=!0,ni=ri=ti._x=ti.' +
  '_y=!1,ea(e,t,n,i,a,o,s,!0,!1),e!=null&&(_e(st,_t,ca,!1),Na(ot,r,Yr,Xr,z,B,null));let{left:' +
  'c,top:l,width:u,height:d}=X;ra=c,ia=l,aa=u,oa=d}function ca(e,t,n,i,a,o,s){ei=ti._x=ti._y=' +
  '!1,ea(e,t,n,i,a,o,s,!1,!0);let{left:c,top:l,width:u,height:d}=X,f=u>0||d>0,p=ra!=c||ia!=l|' +
  '|aa!=u||oa!=d;if(f&&p&&pi(X),ti.setScale&&f&&p){let e=c,t=u,n=l,r=d;if(D.ori==1&&(e=l,t=d,' +
  'n=c,r=u),ni&&hi(S,Vi(e,S),Vi(e+t,S)),ri)for(let e in b){let t=b[e];e!=S&&t.from==null&&t.m' +
  'in!=hn&&hi(e,Vi(n+r,e),Vi(n,e))}na()}else N.lock&&(N._lock=!N._lock,Xi(t,!0,e!=null));e!=n' +
  'ull&&(ve(st,_t),Na(st,r,J,Y,z,B,null))}function ua(e,t,n,r,i,a,o){if(N._lock)return;Nt(e);' +
  'let s=ei;if(ei){let e=!0,t=!0,n,r;D.ori==0?(n=ni,r=ri):(n=ri,r=ni),n&&r&&(e=J<=10||J>=z-10' +
  ',t=Y<=10||Y>=B-10),n&&e&&(J=J<Yr?0:z),r&&t&&(Y=Y<Xr?0:B),Xi(null,!0,!0),ei=!1}J=-10,Y=-10,' +
  'ae.fill(null),Xi(null,!0,!0),s&&(ei=s)}function Ea(e,t,n,i,a,o,s){N._lock||(Nt(e),Vn(),na(' +
  '),e!=null&&Na(ut,r,J,Y,z,B,null))}function Da(){y.forEach(Ta),bt(r.width,r.height,!0)}Pt(m' +
  't,vt,Da);let Oa={};Oa.mousedown=sa,Oa.mousemove=$i,Oa.mouseup=ca,Oa.dblclick=Ea,Oa.setSeri' +
  'es=(e,t,n,i)=>{let a=Q.match[2];n=a(r,t,n),n!=-1&&xi(n,i,!0,!1)},F&&(_e(ot,m,sa),_e(at,m,$' +
  'i),_e(ct,m,e=>{Nt(e),Qi(!1)}),_e(lt,m,ua),_e(ut,m,Ea),la.add(r),r.syncRect=Qi);let ka=r.ho' +
  'oks=e.hooks||{};function Aa(e,t,n){wr?Tr.push([e,t,n]):e in ka&&ka[e].forEach(e=>{e.call(n' +
  'ull,r,t,n)})}(e.plugins||[]).forEach(e=>{for(let t in e.hooks)ka[t]=(ka[t]||[]).concat(e.h' +
  'ooks[t])});let Z=(e,t,n)=>n,Q=Wn({key:null,setSeries:!1,filters:{pub:Cn,sub:Cn},scales:[S,' +
  'v[1]?v[1].scale:null],match:[wn,wn,Z],values:[null,null]},N.sync);Q.match.length==2&&Q.mat' +
  'ch.push(Z),N.sync=Q;let ja=Q.key,Ma=Ai(ja);function Na(e,t,n,r,i,a,o){Q.filters.pub(e,t,n,' +
  'r,i,a,o)&&Ma.pub(e,t,n,r,i,a,o)}Ma.sub(r);function Pa(e,t,n,r,i,a,o){Q.filters.sub(e,t,n,r' +
  ',i,a,o)&&Oa[e](null,t,n,r,i,a,o)}r.pub=Pa;function Fa(){Ma.unsub(r),la.delete(r),ge.clear(' +
  '),Ft(mt,vt,Da),l.remove(),L?.remove(),Aa(`destroy`)}r.destroy=Fa;function Ia(){Aa(`init`,e' +
  ',t),In(t||e.data,!1),j[S]?Vr(S,j[S]):Vn(),gt=X.show&&(X.width>0||X.height>0),pt=yt=!0,bt(e' +
  '.width,e.height)}return v.forEach(Qt),y.forEach(un),n?n instanceof HTMLElement?(n.appendCh' +
  'ild(l),Ia()):n(r,Ia):Ia(),r}Ea.assign=Wn,Ea.fmtNum=$t,Ea.rangeNum=Yt,Ea.rangeLog=Ut,Ea.ran' +
  'geAsinh=Wt,Ea.orient=Ni,Ea.pxRatio=V,Ea.join=Yn,Ea.fmtDate=cr,Ea.tzDate=ur,Ea.sync=Ai;{Ea.' +
  'addGap=Ri,Ea.clipGaps=Li;let e=Ea.paths={points:Qi};e.linear=na,e.stepped=ra,e.bars=aa,e.s' +
  'pline=sa}var Da=new Intl.NumberFormat(`en`,{maximumFractionDigits:0}),Oa=new Intl.NumberFo' +
  'rmat(`en`,{maximumFractionDigits:1}),ka=new Intl.DateTimeFormat(`en-GB`,{timeStyle:`medium' +
  '`}),Aa=[`B`,`KiB`,`MiB`,`GiB`,`TiB`],Z=e=>e===null?`–`:e>=1e6?`${Oa.format(e/1e6)} M`:e<10' +
  '&&!Number.isInteger(e)?Oa.format(e):Da.format(e),Q=e=>{if(e===null)return`–`;let t=0,n=e;f' +
  'or(;n>=1024&&t<Aa.length-1;)n/=1024,t++;return`${(n<10&&t>0?Oa:Da).format(n)} ${Aa[t]??``}' +
  '`},ja=e=>e===null?`–`:e>=1e4?`${Oa.format(e/1e3)} s`:e<10?`${Oa.format(e)} ms`:`${Da.forma' +
  't(e)} ms`,Ma=e=>e===null?`–`:`${Da.format(e*100)} %`;function Na(e){let t=Math.floor(e/1e3' +
  ');if(t<60)return`${t} s`;let n=Math.floor(t/60);if(n<60)return`${n} min ${t%60} s`;let r=M' +
  'ath.floor(n/60);return r<24?`${r} h ${n%60} min`:`${Math.floor(r/24)} d ${r%24} h`}functio' +
  'n Pa(e){return ka.format(e)}var Fa=Symbol.for(`pv`),Ia=0;Array.isArray;function $(t,n,r,i,' +
  'a,o){n||={};var s,c,l=n;if(`ref`in l&&typeof t!=`function`)for(c in l={},n)c==`ref`?s=n[c]' +
  ':l[c]=n[c];var u={type:t,props:l,key:r,ref:s,__k:null,__:null,__b:0,__e:null,__c:null,cons' +
  'tructor:Fa,__v:--Ia,__i:-1,__u:0};return(a||o)&&(u.__source=a,u.__self=o),e.vnode&&e.vnode' +
  '(u),u}var La=132,Ra=Array.from({length:44},(e,t)=>2**t),za=Array.from({length:12},(e,t)=>[' +
  '1,2,5].map(e=>e*10**t)),Ba=`11px system-ui, sans-serif`;function Va({title:e,format:t,curv' +
  'es:n,samples:r,version:i,seconds:a,theme:o}){let s=B(null),c=B(null),l=B(null),u=e=>{let i' +
  '=c.current?.querySelectorAll(`dd`)??[],a=e??r.times.length-1;n.forEach(({name:e},n)=>{let ' +
  'o=i[n];o!==void 0&&(o.textContent=t(r.series[e][a]??null))})},d=B(u);d.current=u,z(()=>{le' +
  't e=s.current;if(e===null)return;let r=new Ea(Ua(e,n,t,e=>d.current(e)),[[],...n.map(()=>[' +
  '])],e);l.current=r;let i=new ResizeObserver(()=>{r.setSize({width:Math.max(e.clientWidth,4' +
  '0),height:La})});return i.observe(e),()=>{i.disconnect(),r.destroy(),l.current=null}},[o])' +
  ',z(()=>{let e=l.current;if(e===null)return;let{times:t,series:i}=r,o=t.at(-1)??0;e.batch((' +
  ')=>{e.setData([t,...n.map(({name:e})=>i[e])],!1),e.setScale(`x`,{min:o-a,max:o})}),u(e.cur' +
  'sor.idx??null)},[i,a,o]);let f=n.map(({name:e,label:n})=>`${n} ${t(r.series[e].at(-1)??nul' +
  'l)}`).join(`, `);return $(`section`,{class:`card chart`,children:[$(`h2`,{children:e}),$(`' +
  'dl`,{class:`legend`,ref:c,children:n.map(({label:e,color:t})=>$(`div`,{children:[$(`dt`,{c' +
  'hildren:[$(`i`,{class:`dot ${t}`}),e]}),$(`dd`,{children:`–`})]},e))}),$(`div`,{class:`plo' +
  't`,role:`img`,"aria-label":`${e}: ${f}`,ref:s})]})}var Ha=28;function Ua(e,t,n,r){let i={s' +
  'troke:Wa(e,`--soft`),grid:{stroke:Wa(e,`--grid`),width:1},ticks:{show:!1},font:Ba};return{' +
  'width:Math.max(e.clientWidth,40),height:La,padding:[8,8,0,0],legend:{show:!1},cursor:{y:!1' +
  ',drag:{x:!1,y:!1},sync:{key:`inspector`},points:{size:6}},hooks:{setCursor:[({cursor:e})=>' +
  'r(e.idx??null)]},scales:{x:{time:!1},y:{range:(e,t,n)=>[0,Math.max(n*1.15,1)]}},axes:[{...' +
  'i,size:22,space:90,values:(e,t)=>t.map(t=>e.valToPos(t,`x`)<Ha?``:Pa(t*1e3))},{...i,size:5' +
  '8,space:34,values:(e,t)=>t.map(e=>n(e)),...n===Q?{incrs:Ra}:{},...n===Z?{incrs:za.flat()}:' +
  '{}}],series:[{},...t.map(({color:t,label:n},r)=>({label:n,stroke:Wa(e,`--${t}`),width:1.75' +
  ',points:{show:!1},...r===0?{fill:Wa(e,`--${t}-mist`)}:{}}))]}}function Wa(e,t){let n=e.sty' +
  'le.color;e.style.color=`var(${t})`;let{color:r}=getComputedStyle(e);return e.style.color=n' +
  ',r}var Ga=[`sessions`,`opened`,`closed`,`messagesIn`,`messagesOut`,`bytesIn`,`bytesOut`,`u' +
  'nread`,`unsent`,`roundTrip50`,`roundTrip99`,`loop50`,`loop99`,`loopMax`,`busy`,`cpu`,`resi' +
  'dent`,`heap`,`held`,`refused`,`dropped`],Ka={sort:`rate`,order:`descending`,route:null,tex' +
  't:``},qa=[1e4,6e4,6e5,36e5,864e5],Ja={1e3:`normal closure`,1001:`going away`,1002:`protoco' +
  'l error`,1003:`unsupported data`,1005:`no code`,1006:`no Close frame`,1007:`invalid data`,' +
  '1008:`policy violation`,1009:`message too big`,1010:`extension missing`,1011:`internal err' +
  'or`,1012:`service restart`,1013:`try again later`,1014:`bad gateway`},Ya=[`below 10 s`,`10' +
  ' s to 1 min`,`1 to 10 min`,`10 min to 1 h`,`1 h to 1 d`,`above 1 d`];function Xa({title:e,' +
  'note:t=``,empty:n=null,wide:r=!1,children:i}){return $(`section`,{class:r?`card panel wide' +
  '`:`card panel`,children:[$(`header`,{children:[$(`h2`,{children:e}),$(`p`,{class:`soft`,ch' +
  'ildren:t})]}),n===null?i:$(`p`,{class:`empty`,children:n})]})}function Za({label:e,childre' +
  'n:t}){return $(`div`,{class:`scroller`,role:`region`,"aria-label":e,tabIndex:0,children:t}' +
  ')}function Qa({rows:e}){return $(Xa,{title:`Routes`,empty:e.length===0?`No session is runn' +
  'ing.`:null,wide:!0,children:[$(Za,{label:`Routes`,children:$(`table`,{children:[$(`thead`,' +
  '{children:$(`tr`,{children:[$(`th`,{children:`Route`}),$(`th`,{class:`number`,children:`Se' +
  'ssions`}),$(`th`,{children:`Age`}),$(`th`,{class:`number`,children:`Messages in`}),$(`th`,' +
  '{class:`number`,children:`Messages out`}),$(`th`,{class:`number`,children:`Bytes in`}),$(`' +
  'th`,{class:`number`,children:`Bytes out`}),$(`th`,{class:`number`,children:`Unread`}),$(`t' +
  'h`,{class:`number`,children:`Unsent`})]})}),$(`tbody`,{children:e.map(e=>$(`tr`,{children:' +
  '[$(`th`,{scope:`row`,class:`name`,children:e.route}),$(`td`,{class:`number strong`,childre' +
  'n:Z(e.sessions)}),$(`td`,{children:$($a,{ages:e.ages})}),$(`td`,{class:`number`,children:[' +
  'Z(e.messagesIn),`/s`]}),$(`td`,{class:`number`,children:[Z(e.messagesOut),`/s`]}),$(`td`,{' +
  'class:`number`,children:[Q(e.bytesIn),`/s`]}),$(`td`,{class:`number`,children:[Q(e.bytesOu' +
  't),`/s`]}),$(`td`,{class:`number`,children:Q(e.unread)}),$(`td`,{class:`number`,children:Q' +
  '(e.unsent)})]},e.route))})]})}),$(`ul`,{class:`ages-key`,"aria-hidden":`true`,children:Ya.' +
  'map((e,t)=>$(`li`,{children:[$(`i`,{class:`age age-${t}`}),e]},e))})]})}function $a({ages:' +
  'e}){let t=e.reduce((e,t)=>e+t,0),n=e.map((e,t)=>e===0?``:`${Z(e)} ${Ya[t]??``}`).filter(e=' +
  '>e!==``).join(`, `);return $(`div`,{class:`ages`,role:`img`,"aria-label":n,title:n,childre' +
  'n:e.slice(0,qa.length+1).map((e,n)=>$(`i`,{class:`age age-${n}`,style:{flexGrow:t===0?0:e/' +
  't}},n))})}function eo({facts:e}){let{closes:t,closed:n}=e;return $(Xa,{title:`Closes by co' +
  'de`,note:`${Z(n)} sessions have ended`,empty:t.length===0?`No session has ended yet.`:null' +
  ',children:$(Za,{label:`Closes by code`,children:$(`table`,{children:[$(`thead`,{children:$' +
  '(`tr`,{children:[$(`th`,{children:`Code`}),$(`th`,{class:`number`,children:`Count`}),$(`th' +
  '`,{children:`Last`}),$(`th`,{children:`By`}),$(`th`,{children:`Cause`})]})}),$(`tbody`,{ch' +
  'ildren:t.map(({code:e,count:t,last:n})=>$(`tr`,{children:[$(`th`,{scope:`row`,children:[$(' +
  '`b`,{children:e??`others`}),` `,$(`span`,{class:`soft`,children:ao(e)})]}),$(`td`,{class:`' +
  'number strong`,children:Z(t)}),$(`td`,{children:Pa(n.at)}),$(`td`,{children:oo(n)}),$(`td`' +
  ',{class:`cause`,children:so(n)})]},e))})]})})})}function to({failures:e}){return $(Xa,{tit' +
  'le:`Last failures`,note:`Sessions that an error has ended`,empty:e.length===0?`No session ' +
  'has failed.`:null,wide:!0,children:$(Za,{label:`Last failures`,children:$(`table`,{childre' +
  'n:[$(`thead`,{children:$(`tr`,{children:[$(`th`,{children:`At`}),$(`th`,{children:`Cause`}' +
  '),$(`th`,{children:`Code`}),$(`th`,{children:`Route`}),$(`th`,{children:`Remote`}),$(`th`,' +
  '{children:`Session`})]})}),$(`tbody`,{children:e.map(e=>$(`tr`,{children:[$(`td`,{children' +
  ':Pa(e.at)}),$(`td`,{class:`cause bad`,children:so(e)}),$(`td`,{children:e.code}),$(`td`,{c' +
  'lass:`name`,children:e.route}),$(`td`,{class:`mono`,children:e.remote}),$(`td`,{class:`mon' +
  'o`,children:e.session})]},e.session))})]})})})}function no({facts:e}){let{refusals:t,limit' +
  's:n,dropped:r}=e,i=[[`Refused upgrades`,Object.entries(t)],[`Limits reached`,Object.entrie' +
  's(n)],[`Frames dropped`,Object.entries(r).filter(([,e])=>e>0)]];return $(Xa,{title:`Refusa' +
  'ls, limits and drops`,note:`Since the start`,empty:i.every(([,e])=>e.length===0)?`Nothing ' +
  'was refused, limited or dropped.`:null,children:$(`div`,{class:`groups`,children:i.map(([e' +
  ',t])=>$(`div`,{children:[$(`h3`,{children:e}),t.length===0?$(`p`,{class:`soft`,children:`n' +
  'one`}):$(ro,{entries:t})]},e))})})}function ro({entries:e}){return $(`dl`,{class:`counts`,' +
  'children:[...e].sort(([,e],[,t])=>t-e).map(([e,t])=>$(`div`,{children:[$(`dt`,{children:e}' +
  '),$(`dd`,{children:Z(t)})]},e))})}function io({facts:{topics:e}}){if(e===null)return null;' +
  'let{broker:t,count:n,rows:r}=e;return $(Xa,{title:`Topics`,note:`${Z(n)} topics · broker $' +
  '{t}`,empty:r.length===0?`No topic has subscribers here.`:null,children:$(Za,{label:`Topics' +
  '`,children:$(`table`,{children:[$(`thead`,{children:$(`tr`,{children:[$(`th`,{children:`To' +
  'pic`}),$(`th`,{class:`number`,children:`Subscribers`}),$(`th`,{class:`number`,children:`Ev' +
  'ents behind`})]})}),$(`tbody`,{children:r.map(({topic:e,subscribers:t,lag:n})=>$(`tr`,{chi' +
  'ldren:[$(`th`,{scope:`row`,class:`name`,children:e}),$(`td`,{class:`number strong`,childre' +
  'n:Z(t)}),$(`td`,{class:`number`,children:Z(n)})]},e))})]})})})}function ao(e){return e===n' +
  'ull?``:Ja[e]??(e>=4e3?`application`:`library`)}function oo({initiator:e}){return{local:`se' +
  'rver`,remote:`client`,none:`–`}[e]}function so({cause:e,reason:t}){return[e,t].filter(e=>e' +
  '!==null&&e!==``).join(`: `)||`–`}var co=[{label:`Top talkers`,sort:`rate`,order:`descendin' +
  'g`},{label:`Slow readers`,sort:`unsent`,order:`descending`},{label:`Slow handlers`,sort:`u' +
  'nread`,order:`descending`},{label:`Slow pings`,sort:`roundTrip`,order:`descending`},{label' +
  ':`Oldest`,sort:`age`,order:`descending`},{label:`Newest`,sort:`age`,order:`ascending`}],lo' +
  '=[{sort:`age`,label:`Age`,title:`Time since the handshake`,value:e=>Na(e.age)},{sort:`rate' +
  '`,label:`Rate`,title:`Bytes a second, in both directions`,value:({rate:e})=>`${Q(e)}/s`},{' +
  'sort:`messages`,label:`Messages`,title:`Received and sent`,value:({messages:e})=>Z(e)},{so' +
  'rt:`bytes`,label:`Bytes`,title:`Received and sent`,value:({bytes:e})=>Q(e)},{sort:`unread`' +
  ',label:`Unread`,title:`Bytes that wait for the handler`,value:({unread:e})=>Q(e)},{sort:`u' +
  'nsent`,label:`Unsent`,title:`Bytes that wait for the client`,value:({unsent:e})=>Q(e)},{so' +
  'rt:`roundTrip`,label:`Ping`,title:`Round-trip time of the last ping`,value:({roundTrip:e})' +
  '=>ja(e)}];function uo({live:e,snapshot:t,filter:n}){let{view:r}=e,{rows:i,matching:a,facts' +
  ':o}=t,[s,c]=ye(null),l=o.sample.sessions??0,u=JSON.stringify(r)!==JSON.stringify(t.view);r' +
  'eturn $(Xa,{title:`Sessions`,note:go(i.length,a,l),wide:!0,children:[$(fo,{live:e,snapshot' +
  ':t,filter:n}),$(Za,{label:`Sessions`,children:$(`table`,{class:u?`sessions stale`:`session' +
  's`,"aria-busy":u,children:[$(po,{live:e}),$(`tbody`,{children:i.map(t=>$(mo,{row:t,sort:r.' +
  'sort,close:e.hello?.actions===!0?()=>c(t):null},t.id))})]})}),i.length===0?$(`p`,{class:`e' +
  'mpty`,children:l===0?`No session is running.`:`No session matches the route and the filter' +
  '.`}):null,$(ho,{row:s,done:t=>{t&&s!==null&&e.close(s.id),c(null)}})]})}function fo({live:' +
  'e,snapshot:t,filter:n}){let{view:r}=e,i=t.facts.routes.map(({route:e})=>e);return $(`div`,' +
  '{class:`controls`,children:[$(`div`,{class:`presets`,role:`group`,"aria-label":`Order`,chi' +
  'ldren:co.map(({label:t,sort:n,order:i})=>$(`button`,{type:`button`,"aria-pressed":r.sort==' +
  '=n&&r.order===i,onClick:()=>e.show({sort:n,order:i}),children:t},t))}),$(`label`,{class:`f' +
  'ield`,children:[$(`span`,{class:`hidden`,children:`Route`}),$(`select`,{value:r.route??``,' +
  'onChange:({currentTarget:{value:t}})=>e.show({route:t===``?null:t}),children:[$(`option`,{' +
  'value:``,children:`All routes`}),(r.route===null||i.includes(r.route)?i:[r.route,...i]).ma' +
  'p(e=>$(`option`,{value:e,children:e},e))]})]}),$(`label`,{class:`field grows`,children:[$(' +
  '`span`,{class:`hidden`,children:`Filter by id, address or subprotocol`}),$(`input`,{ref:n,' +
  'type:`search`,maxLength:100,placeholder:`Filter by id, address or subprotocol`,value:r.tex' +
  't,"aria-keyshortcuts":`/`,onInput:({currentTarget:{value:t}})=>e.show({text:t.trim()}),onK' +
  'eyDown:t=>{t.key===`Escape`&&(t.preventDefault(),r.text===``?t.currentTarget.blur():e.show' +
  '({text:``}))}}),$(`kbd`,{"aria-hidden":`true`,children:`/`})]})]})}function po({live:e}){l' +
  'et{sort:t,order:n}=e.view,r=n===`descending`?`ascending`:`descending`;return $(`thead`,{ch' +
  'ildren:$(`tr`,{children:[$(`th`,{children:`Session`}),$(`th`,{children:`Route`}),$(`th`,{c' +
  'hildren:`Remote`}),$(`th`,{children:`Protocol`}),lo.map(({sort:i,label:a,title:o})=>$(`th`' +
  ',{class:`number`,"aria-sort":i===t?n:void 0,children:$(`button`,{type:`button`,title:o,onC' +
  'lick:()=>e.show({sort:i,order:i===t?r:`descending`}),children:[a,$(`span`,{class:`arrow`,"' +
  'aria-hidden":`true`,children:i===t?n===`descending`?`↓`:`↑`:``})]})},i)),e.hello?.actions=' +
  '==!0?$(`th`,{children:$(`span`,{class:`hidden`,children:`Actions`})}):null]})})}function m' +
  'o({row:e,sort:t,close:n}){return $(`tr`,{class:e.isClosing?`closing`:``,children:[$(`th`,{' +
  'scope:`row`,class:`mono`,title:e.id,children:e.id}),$(`td`,{class:`name`,children:e.route}' +
  '),$(`td`,{class:`mono`,children:e.remote}),$(`td`,{children:e.protocol??``}),lo.map(({sort' +
  ':n,value:r})=>$(`td`,{class:n===t?`number strong`:`number`,children:r(e)},n)),n===null?nul' +
  'l:$(`td`,{children:$(`button`,{type:`button`,class:`small`,"aria-disabled":e.isClosing,onC' +
  'lick:()=>{e.isClosing||n()},children:[e.isClosing?`Closing`:`Close`,$(`span`,{class:`hidde' +
  'n`,children:[` session `,e.id]})]})})]})}function ho({row:e,done:t}){let n=B(null);return ' +
  '$(`dialog`,{"aria-labelledby":`confirm`,ref:t=>{let r=e?.id??null;t!==null&&r!==n.current&' +
  '&(n.current=r,r===null?t.close():t.showModal())},onCancel:e=>{e.preventDefault(),t(!1)},ch' +
  'ildren:[$(`h2`,{id:`confirm`,children:`Close this session?`}),$(`p`,{children:[$(`span`,{c' +
  'lass:`mono`,children:e?.id}),` of `,$(`b`,{children:e?.route}),` from`,` `,$(`span`,{class' +
  ':`mono`,children:e?.remote}),`. The client may connect again. The log says who closed it.`' +
  ']}),$(`div`,{class:`buttons`,children:[$(`button`,{type:`button`,onClick:()=>t(!1),childre' +
  'n:`Cancel`}),$(`button`,{type:`button`,class:`danger`,onClick:()=>t(!0),children:`Close se' +
  'ssion`})]})]})}function go(e,t,n){let r=t===n?Z(n):`${Z(t)} of ${Z(n)}`;return e===200&&t>' +
  '200?`${r} · the first 200`:r}var _o=[{title:`Sessions`,format:Z,curves:[{name:`sessions`,l' +
  'abel:`running`,color:`one`}]},{title:`Connections a second`,format:Z,curves:[{name:`opened' +
  '`,label:`opened`,color:`one`},{name:`closed`,label:`closed`,color:`two`},{name:`refused`,l' +
  'abel:`refused`,color:`three`}]},{title:`Messages a second`,format:Z,curves:[{name:`message' +
  'sIn`,label:`in`,color:`one`},{name:`messagesOut`,label:`out`,color:`two`}]},{title:`Bytes ' +
  'a second`,format:Q,curves:[{name:`bytesIn`,label:`in`,color:`one`},{name:`bytesOut`,label:' +
  '`out`,color:`two`}]},{title:`Waiting bytes`,format:Q,curves:[{name:`unread`,label:`for han' +
  'dlers`,color:`one`},{name:`unsent`,label:`for clients`,color:`two`}]},{title:`Round trip o' +
  'f pings`,format:ja,curves:[{name:`roundTrip50`,label:`median`,color:`one`},{name:`roundTri' +
  'p99`,label:`p99`,color:`two`}]},{title:`Event-loop delay`,format:ja,curves:[{name:`loop50`' +
  ',label:`median`,color:`one`},{name:`loop99`,label:`p99`,color:`two`},{name:`loopMax`,label' +
  ':`max`,color:`three`}]},{title:`Memory`,format:Q,curves:[{name:`resident`,label:`process`,' +
  'color:`one`},{name:`heap`,label:`heap`,color:`two`},{name:`held`,label:`sessions`,color:`t' +
  'hree`}]}],vo=[{label:`1 min`,seconds:60},{label:`5 min`,seconds:300},{label:`10 min`,secon' +
  'ds:600}],yo={connecting:`Connecting`,live:`Live`,offline:`Offline, trying again`,full:`Too' +
  ' many pages are open, trying again`,refused:`Not authorized`},bo=[`auto`,`light`,`dark`];f' +
  'unction xo({live:e}){let t=B(null),[n,r]=ye(60),[i,a]=Eo();ko({"/":()=>t.current?.focus(),' +
  'p:()=>e.pause(),t:a,Escape:()=>e.dismiss()});let{snapshot:o,samples:s}=e,c=o?.facts.sample' +
  '.sessions??null;return z(()=>{let e=`Towpath inspector`;document.title=c===null?e:`${Z(c)}' +
  ' sessions · ${e}`},[c]),$(y,{children:[$(So,{live:e,theme:i,turn:a,seconds:n,setSeconds:r}' +
  '),$(`main`,{children:[e.status===`refused`?$(Co,{}):null,o===null?null:$(wo,{live:e,snapsh' +
  'ot:o}),$(`div`,{class:e.status===`live`?`charts`:`charts stale`,children:_o.map(({title:e,' +
  'format:t,curves:r})=>$(Va,{title:e,format:t,curves:r,samples:s,version:o?.facts.at??0,seco' +
  'nds:n,theme:i.shown},e))}),o===null?null:$(`div`,{class:`panels`,children:[$(uo,{live:e,sn' +
  'apshot:o,filter:t}),$(Qa,{rows:o.facts.routes}),$(eo,{facts:o.facts}),$(`div`,{class:`colu' +
  'mn`,children:[$(no,{facts:o.facts}),$(io,{facts:o.facts})]}),$(to,{failures:o.facts.failur' +
  'es})]})]}),$(`p`,{class:`notice`,role:`status`,children:e.notice})]})}function So({live:e,' +
  'theme:t,turn:n,seconds:r,setSeconds:i}){let{hello:a,status:o,isPaused:s}=e,c=o===`live`&&s' +
  '?`Paused`:yo[o];return $(`header`,{class:`bar`,children:[$(`h1`,{children:[$(`svg`,{viewBo' +
  'x:`0 0 32 32`,"aria-hidden":`true`,children:[$(`rect`,{width:`32`,height:`32`,rx:`7`}),$(`' +
  'path`,{d:`M5 21h4l4-11 5 15 4-9h5`})]}),`Towpath `,$(`span`,{children:`inspector`})]}),$(`' +
  'p`,{class:`status ${s?`paused`:o}`,role:`status`,children:c}),a===null?null:$(`p`,{class:`' +
  'where soft`,children:[a.process.host,` · pid `,a.process.pid,` · Node `,a.process.node.sli' +
  'ce(1),a.operator===null?``:` · ${a.operator}`]}),$(`div`,{class:`tools`,children:[$(`div`,' +
  '{class:`segments`,role:`group`,"aria-label":`Time on the charts`,children:vo.map(e=>$(`but' +
  'ton`,{type:`button`,"aria-pressed":e.seconds===r,onClick:()=>i(e.seconds),children:e.label' +
  '},e.label))}),$(`button`,{type:`button`,"aria-keyshortcuts":`p`,onClick:()=>e.pause(),titl' +
  'e:`Key: p`,children:s?`Resume`:`Pause`}),$(`button`,{type:`button`,"aria-label":`Theme: ${' +
  't.chosen}`,"aria-keyshortcuts":`t`,onClick:n,title:`Key: t`,children:{auto:`◐ Auto`,light:' +
  '`○ Light`,dark:`● Dark`}[t.chosen]})]})]})}function Co(){return $(`p`,{class:`banner`,role' +
  ':`alert`,children:[`The server does not let this page look.`,` `,$(`button`,{type:`button`' +
  ',onClick:()=>location.reload(),children:`Reload`})]})}function wo({live:e,snapshot:t}){let' +
  '{facts:n}=t,{sample:r,budget:i}=n,a=i.limit===null?null:i.used/i.limit;return $(`dl`,{clas' +
  's:`summary card`,children:[$(`div`,{children:[$(`dt`,{children:`State`}),$(`dd`,{class:n.s' +
  'tate===`running`?`good`:`bad`,children:n.state})]}),$(`div`,{children:[$(`dt`,{children:`U' +
  'p for`}),$(`dd`,{children:e.hello===null?``:Na(n.at-e.hello.startedAt)})]}),$(`div`,{child' +
  'ren:[$(`dt`,{children:`Opened`}),$(`dd`,{children:Z(n.opened)})]}),$(`div`,{children:[$(`d' +
  't`,{children:`Closed`}),$(`dd`,{children:Z(n.closed)})]}),$(`div`,{children:[$(`dt`,{child' +
  'ren:`Refused`}),$(`dd`,{children:Z(Object.values(n.refusals).reduce((e,t)=>e+t,0))})]}),$(' +
  '`div`,{children:[$(`dt`,{children:`Event loop`}),$(`dd`,{class:(r.busy??0)>.9?`bad`:``,chi' +
  'ldren:Ma(r.busy)})]}),$(`div`,{children:[$(`dt`,{children:`Processor`}),$(`dd`,{children:M' +
  'a(r.cpu)})]}),$(`div`,{class:`meter-cell`,children:[$(`dt`,{children:`Memory of sessions`}' +
  '),$(`dd`,{class:(a??0)>7/8?`bad`:``,children:[Q(i.used),$(`span`,{class:`soft`,children:[`' +
  ' of `,i.limit===null?`no limit`:Q(i.limit)]}),a===null?null:$(`i`,{class:`meter`,role:`img' +
  '`,"aria-label":Ma(a),children:$(`i`,{style:{width:`${Math.min(a,1)*100}%`}})})]})]})]})}va' +
  'r To=`towpath-inspector-theme`;function Eo(){let[e,t]=ye(Do),[n,r]=ye(!1);return z(()=>{le' +
  't e=matchMedia(`(prefers-color-scheme: dark)`),t=()=>r(e.matches);return t(),e.addEventLis' +
  'tener(`change`,t),()=>e.removeEventListener(`change`,t)},[]),document.documentElement.styl' +
  'e.colorScheme=e===`auto`?`light dark`:e,[{chosen:e,shown:e===`auto`?n?`dark`:`light`:e},()' +
  '=>{let n=bo[(bo.indexOf(e)+1)%bo.length]??`auto`;Oo(n),t(n)}]}function Do(){try{let e=loca' +
  'lStorage.getItem(To);return bo.find(t=>t===e)??`auto`}catch{return`auto`}}function Oo(e){t' +
  'ry{localStorage.setItem(To,e)}catch{}}function ko(e){let t=B(e);t.current=e,z(()=>{let e=e' +
  '=>{let{target:n,key:r,ctrlKey:i,metaKey:a,altKey:o}=e;if(n instanceof Element&&n.closest(`' +
  'input, select, dialog`)!==null||i||a||o)return;let s=Object.hasOwn(t.current,r)?t.current[' +
  'r]:void 0;s!==void 0&&(e.preventDefault(),s())};return document.addEventListener(`keydown`' +
  ',e),()=>document.removeEventListener(`keydown`,e)},[])}var Ao=600,jo=1e3,Mo=15e3,No=1008,P' +
  'o=1013,Fo=1e4,Io=class{status=`connecting`;hello=null;snapshot=null;isPaused=!1;samples=zo' +
  '();view=Ka;notice=``;#e;#t=null;#n=[];#r=jo;#i;constructor(e){this.#i=e}connect(){let e=ne' +
  'w URL(location.href);e.protocol=e.protocol===`https:`?`wss:`:`ws:`,e.search=``,e.hash=``;l' +
  'et t=new WebSocket(e);this.#t=t,this.status!==`offline`&&this.#u(`connecting`);let n=!1;t.' +
  'onmessage=({data:e})=>{n=!0,this.#o(JSON.parse(String(e)))},t.onclose=({code:e})=>void thi' +
  's.#l(e,n)}show(e){this.view={...this.view,...e},this.#a({type:`view`,...this.view}),this.#' +
  'i()}close(e){this.#s(`Closing ${e}…`),this.#a({type:`close`,session:e}),this.#i()}dismiss(' +
  '){this.#s(``),this.#i()}pause(){if(this.isPaused=!this.isPaused,!this.isPaused){for(let e ' +
  'of this.#n)this.#c(e);this.#n=[]}this.#i()}#a(e){this.#t?.readyState===WebSocket.OPEN&&thi' +
  's.#t.send(JSON.stringify(e))}#o(e){switch(e.type){case`hello`:this.hello=e,this.#r=jo,this' +
  '.samples=Ro(e),this.#n=[],this.#a({type:`view`,...this.view}),this.#u(`live`);return;case`' +
  'snapshot`:this.isPaused?this.#n=[...this.#n,e].slice(-600):this.#c(e);break;case`closing`:' +
  'this.#s(e.found?`Session ${e.session} is closing.`:`Session ${e.session} had ended before.' +
  '`)}this.#i()}#s(e){this.notice=e,clearTimeout(this.#e),e!==``&&(this.#e=setTimeout(()=>thi' +
  's.dismiss(),Fo))}#c(e){let{at:t,sample:n}=e.facts;this.snapshot=e;let{times:r,series:i}=th' +
  'is.samples;r.push(t/1e3);let a=r.length>Ao;a&&r.shift();for(let e of Ga)i[e].push(n[e]),a&' +
  '&i[e].shift()}async#l(e,t){if(this.#t=null,e===No||!t&&!await Lo())return this.#u(`refused' +
  '`);this.#u(e===Po?`full`:`offline`),setTimeout(()=>this.connect(),this.#r*(.75+Math.random' +
  '()/2)),this.#r=Math.min(this.#r*2,Mo)}#u(e){this.status=e,this.#i()}};async function Lo(){' +
  'try{let{status:e,redirected:t}=await fetch(location.pathname,{method:`HEAD`});return!t&&(e' +
  '<400||e>=500)}catch{return!0}}function Ro({history:e}){let t=zo();t.times=e.times.map(e=>e' +
  '/1e3);for(let n of Ga)t.series[n]=[...e.series[n]];return t}function zo(){return{times:[],' +
  'series:Object.fromEntries(Ga.map(e=>[e,[]]))}}var Bo=document.getElementById(`inspector`),' +
  'Vo=new Io(Ho);Vo.connect();function Ho(){if(Bo===null)return;let e=document.activeElement,' +
  't=e?.closest(`[role="region"]`)??null;if(F($(xo,{live:Vo}),Bo),document.activeElement===e)' +
  'return;let n=e?.isConnected===!0?e:t;n instanceof HTMLElement&&n.focus({preventScroll:!0})' +
  '}'

/** The style. */
export const PAGE_STYLE: string =
  '.uplot,.uplot *,.uplot :before,.uplot :after{box-sizing:border-box}.uplot{width:min-conten' +
  't;font-family:system-ui,-apple-system,Segoe UI,Roboto,Helvetica Neue,Arial,Noto Sans,sans-' +
  'serif,Apple Color Emoji,Segoe UI Emoji,Segoe UI Symbol,Noto Color Emoji;line-height:1.5}.u' +
  '-title{text-align:center;font-size:18px;font-weight:700}.u-wrap{user-select:none;position:' +
  'relative}.u-over,.u-under{position:absolute}.u-under{overflow:hidden}.uplot canvas{width:1' +
  '00%;height:100%;display:block;position:relative}.u-axis{position:absolute}.u-legend{text-a' +
  'lign:center;margin:auto;font-size:14px}.u-inline{display:block}.u-inline *{display:inline-' +
  'block}.u-inline tr{margin-right:16px}.u-legend th{font-weight:600}.u-legend th>*{vertical-' +
  'align:middle;display:inline-block}.u-legend .u-marker{width:1em;height:1em;margin-right:4p' +
  'x;background-clip:padding-box!important}.u-inline.u-live th:after{content:":";vertical-ali' +
  'gn:middle}.u-inline:not(.u-live) .u-value{display:none}.u-series>*{padding:4px}.u-series t' +
  'h{cursor:pointer}.u-legend .u-off>*{opacity:.3}.u-select{pointer-events:none;background:#0' +
  '0000012;position:absolute}.u-cursor-x,.u-cursor-y{pointer-events:none;will-change:transfor' +
  'm;position:absolute;top:0;left:0}.u-hz .u-cursor-x,.u-vt .u-cursor-y{border-right:1px dash' +
  'ed #607d8b;height:100%}.u-hz .u-cursor-y,.u-vt .u-cursor-x{border-bottom:1px dashed #607d8' +
  'b;width:100%}.u-cursor-pt{pointer-events:none;will-change:transform;border:0 solid;border-' +
  'radius:50%;position:absolute;top:0;left:0;background-clip:padding-box!important}.u-axis.u-' +
  'off,.u-select.u-off,.u-cursor-x.u-off,.u-cursor-y.u-off,.u-cursor-pt.u-off{display:none}:r' +
  'oot{color-scheme:light dark;--paper:light-dark(#f4f5f3,#0e1416);--card:light-dark(#fff,#16' +
  '1e21);--sunken:light-dark(#eef0ed,#10181a);--line:light-dark(#dfe3df,#263236);--grid:light' +
  '-dark(#e9ece9,#202b2f);--ink:light-dark(#16211f,#e6ecea);--soft:light-dark(#566661,#93a6a5' +
  ');--one:light-dark(#0b7a75,#4fc3b8);--one-mist:light-dark(#0b7a751f,#4fc3b824);--two:light' +
  '-dark(#b7621b,#f0a35c);--two-mist:light-dark(#b7621b1f,#f0a35c1f);--three:light-dark(#7a4f' +
  'b5,#b79bf0);--good:light-dark(#1a7f37,#56d08a);--bad:light-dark(#b3261e,#ff8f85);--bad-mis' +
  't:light-dark(#fdecea,#3a1b19);--focus:light-dark(#0b7a75,#4fc3b8);--shadow:light-dark(0 1p' +
  'x 2px #141e1c0f,none);--radius:10px;--sans:system-ui, -apple-system, "Segoe UI", Roboto, "' +
  'Helvetica Neue", "Noto Sans", sans-serif;--mono:ui-monospace, SFMono-Regular, Menlo, Conso' +
  'las, "DejaVu Sans Mono", monospace}*,:before,:after{box-sizing:border-box}html{-webkit-tex' +
  't-size-adjust:100%;scroll-padding-top:104px}body{background:var(--paper);color:var(--ink);' +
  'font:14px/1.45 var(--sans);margin:0}h1,h2,h3,p,ul,dl,dd{margin:0;padding:0}ul{list-style:n' +
  'one}h2{font-size:13px;font-weight:600}h3{font-size:12px;font-weight:600}:focus-visible{out' +
  'line:2px solid var(--focus);outline-offset:2px}.soft{color:var(--soft)}.mono,.name{font-fa' +
  'mily:var(--mono);font-size:12px}.strong{font-weight:600}.good{color:var(--good)}.bad{color' +
  ':var(--bad)}.hidden{clip-path:inset(50%);white-space:nowrap;width:1px;height:1px;position:' +
  'absolute;overflow:hidden}button,input,select{border:1px solid var(--line);background:var(-' +
  '-card);min-height:32px;color:inherit;font:inherit;border-radius:7px;padding:4px 10px;font-' +
  'size:13px}button{cursor:pointer;white-space:nowrap}button:hover:not([aria-disabled=true]){' +
  'border-color:var(--soft)}button[aria-disabled=true]{opacity:.55;cursor:default}button[aria' +
  '-pressed=true]{border-color:var(--one);background:var(--one-mist)}button.small{min-height:' +
  '26px;padding:1px 8px;font-size:12px}button.danger{border-color:var(--bad);background:var(-' +
  '-bad-mist);color:var(--bad);font-weight:600}.bar{z-index:2;border-bottom:1px solid var(--l' +
  'ine);background:var(--card);flex-wrap:wrap;align-items:center;gap:8px 16px;padding:10px 20' +
  'px;display:flex;position:sticky;top:0}.bar h1{align-items:center;gap:8px;font-size:15px;fo' +
  'nt-weight:650;display:flex}.bar h1 span{color:var(--soft);font-weight:400}.bar svg{width:2' +
  '4px;height:24px}.bar svg rect{fill:var(--one)}.bar svg path{fill:none;stroke:var(--card);s' +
  'troke-width:2.6px;stroke-linecap:round;stroke-linejoin:round}.status{border:1px solid var(' +
  '--line);border-radius:99px;align-items:center;gap:7px;padding:2px 10px;font-size:12px;disp' +
  'lay:flex}.status:before{background:var(--soft);content:"";border-radius:50%;width:8px;heig' +
  'ht:8px}.status.live:before{background:var(--good)}.status.offline:before,.status.refused:b' +
  'efore,.status.full:before{background:var(--bad)}.status.paused:before{background:var(--two' +
  ')}.where{font-size:12px}.tools{flex-wrap:wrap;gap:8px;margin-left:auto;display:flex}.segme' +
  'nts{display:flex}.segments button{border-radius:0}.segments button+button{margin-left:-1px' +
  '}.segments button:first-child{border-radius:7px 0 0 7px}.segments button:last-child{border' +
  '-radius:0 7px 7px 0}.segments button[aria-pressed=true]{z-index:1}.segments button:focus-v' +
  'isible{z-index:2}main{gap:12px;max-width:1760px;margin:0 auto;padding:12px 20px 48px;displ' +
  'ay:grid}.card{border:1px solid var(--line);border-radius:var(--radius);background:var(--ca' +
  'rd);min-width:0;box-shadow:var(--shadow)}.banner{border:1px solid var(--bad);border-radius' +
  ':var(--radius);background:var(--bad-mist);flex-wrap:wrap;align-items:center;gap:12px;paddi' +
  'ng:10px 14px;display:flex}.summary{grid-template-columns:repeat(7,auto) minmax(220px,1.4fr' +
  ');gap:10px 24px;padding:10px 16px;display:grid}.summary dt{color:var(--soft);font-size:12p' +
  'x}.summary dd{font-variant-numeric:tabular-nums;white-space:nowrap;font-size:15px;font-wei' +
  'ght:600}.summary dd .soft{font-size:13px;font-weight:400}.meter{background:var(--grid);bor' +
  'der-radius:3px;height:5px;margin-top:4px;display:block;overflow:hidden}.meter i{background' +
  ':var(--one);min-width:2px;height:100%;display:block}.bad .meter i{background:var(--bad)}.c' +
  'harts{grid-template-columns:repeat(4,minmax(0,1fr));gap:12px;display:grid}.stale{opacity:.' +
  '55}.chart{padding:10px 4px 4px;overflow:hidden}.chart h2{color:var(--soft);padding:0 10px}' +
  '.legend{flex-wrap:wrap;gap:2px 18px;min-height:44px;padding:2px 10px 4px;display:flex}.leg' +
  'end dt{color:var(--soft);align-items:center;gap:5px;font-size:11.5px;display:flex}.legend ' +
  'dd{font-variant-numeric:tabular-nums;white-space:nowrap;font-size:16px;font-weight:600;lin' +
  'e-height:1.25}.dot{border-radius:2px;width:8px;height:8px}.dot.one{background:var(--one)}.' +
  'dot.two{background:var(--two)}.dot.three{background:var(--three)}.plot{height:132px}.u-cur' +
  'sor-x{border-color:var(--soft)!important}.panels{grid-template-columns:repeat(2,minmax(0,1' +
  'fr));align-items:start;gap:12px;display:grid}.wide{grid-column:1/-1}.column{gap:12px;min-w' +
  'idth:0;display:grid}.panel header{align-items:baseline;gap:10px;padding:10px 14px;display:' +
  'flex}.panel header p{font-variant-numeric:tabular-nums;font-size:12px}.empty{color:var(--s' +
  'oft);padding:4px 14px 16px}.scroller{border-radius:0 0 var(--radius) var(--radius);max-hei' +
  'ght:340px;scroll-padding-top:36px;position:relative;overflow:auto}.wide .scroller{max-heig' +
  'ht:520px}.scroller:focus-visible{outline-offset:-2px}table{border-spacing:0;width:100%;fon' +
  't-size:13px}th,td{border-top:1px solid var(--grid);text-align:left;white-space:nowrap;padd' +
  'ing:5px 14px}tbody th{font-weight:400}thead th{z-index:1;border-top:0;border-bottom:1px so' +
  'lid var(--line);background:var(--sunken);color:var(--soft);font-size:12px;font-weight:500;' +
  'position:sticky;top:0}tbody tr:first-child>*{border-top:0}tbody tr:hover>*{background:var(' +
  '--sunken)}.number{font-variant-numeric:tabular-nums;text-align:right}th button{min-height:' +
  '0;color:inherit;font:inherit;background:0 0;border:0;padding:0}th[aria-sort]{color:var(--i' +
  'nk);font-weight:600}.arrow{width:11px;margin-left:4px;display:inline-block}.sessions tbody' +
  ' th{text-overflow:ellipsis;max-width:180px;overflow:hidden}.sessions .name,.cause{text-ove' +
  'rflow:ellipsis;max-width:260px;overflow:hidden}tr.closing>*{color:var(--soft);font-style:i' +
  'talic}.controls{flex-wrap:wrap;gap:8px;padding:0 14px 10px;display:flex}.presets{flex-wrap' +
  ':wrap;gap:6px;display:flex}.field{display:flex;position:relative}.field select{max-width:2' +
  '40px}.grows{flex:240px}.grows input{width:100%;padding-right:34px}kbd{border:1px solid var' +
  '(--line);color:var(--soft);font:11px/16px var(--mono);border-radius:4px;padding:0 5px;posi' +
  'tion:absolute;top:7px;right:9px}input:focus+kbd{display:none}.ages{background:var(--grid);' +
  'border-radius:3px;width:100%;min-width:120px;height:9px;display:flex;overflow:hidden}.age{' +
  'flex-basis:0;height:100%;display:block}.age-0{background:var(--two)}.age-1{background:colo' +
  'r-mix(in oklab, var(--one) 28%, var(--card))}.age-2{background:color-mix(in oklab, var(--o' +
  'ne) 46%, var(--card))}.age-3{background:color-mix(in oklab, var(--one) 64%, var(--card))}.' +
  'age-4{background:color-mix(in oklab, var(--one) 82%, var(--card))}.age-5{background:var(--' +
  'one)}.ages-key{border-top:1px solid var(--grid);color:var(--soft);flex-wrap:wrap;gap:4px 1' +
  '6px;padding:8px 14px 10px;font-size:12px;display:flex}.ages-key li{align-items:center;gap:' +
  '6px;display:flex}.ages-key .age{border-radius:2px;flex:none;width:10px;height:10px}.groups' +
  '{grid-template-columns:repeat(3,minmax(0,1fr));gap:16px;padding:2px 14px 16px;display:grid' +
  '}.counts>div{border-bottom:1px solid var(--grid);justify-content:space-between;gap:8px;pad' +
  'ding:3px 0;display:flex}.counts dt{font-family:var(--mono);text-overflow:ellipsis;font-siz' +
  'e:12px;overflow:hidden}.counts dd{font-variant-numeric:tabular-nums;font-weight:600}dialog' +
  '{border:1px solid var(--line);border-radius:var(--radius);background:var(--card);max-width' +
  ':460px;color:var(--ink);padding:18px 20px}dialog::backdrop{background:#00000073}dialog h2{' +
  'margin-bottom:8px;font-size:15px}dialog p{overflow-wrap:anywhere}.buttons{justify-content:' +
  'flex-end;gap:8px;margin-top:16px;display:flex}.notice{z-index:3;overflow-wrap:anywhere;bac' +
  'kground:var(--ink);max-width:calc(100vw - 32px);color:var(--card);border-radius:8px;paddin' +
  'g:8px 14px;font-size:13px;position:fixed;bottom:16px;right:16px}.notice:empty{padding:0}no' +
  'script{padding:40px;display:block}@media (width<=1180px){.charts{grid-template-columns:rep' +
  'eat(2,minmax(0,1fr))}.summary{grid-template-columns:repeat(4,auto)}.meter-cell{grid-column' +
  ':span 1}}@media (width<=820px){.bar{padding:10px 12px;position:static}.tools{width:100%;ma' +
  'rgin-left:0}main{gap:10px;padding:10px 10px 40px}.panels{grid-template-columns:minmax(0,1f' +
  'r)}button,input,select{min-height:40px}.grows input{font-size:16px}kbd{display:none}.group' +
  's{grid-template-columns:minmax(0,1fr)}th,td{padding:7px 10px}tbody th,thead th:first-child' +
  '{background:var(--card);position:sticky;left:0}thead th:first-child{z-index:2;background:v' +
  'ar(--sunken)}html{scroll-padding-top:0}.scroller{scroll-padding-left:140px}}@media (width<' +
  '=560px){.charts{grid-template-columns:minmax(0,1fr)}.sessions tbody th{max-width:110px}.su' +
  'mmary{grid-template-columns:repeat(3,auto);gap:10px 16px;padding:10px 12px}.meter-cell{gri' +
  'd-column:span 2}.presets{flex-wrap:nowrap;width:100%;overflow-x:auto}.presets button:focus' +
  '-visible{outline-offset:-2px}.field select{max-width:none}.field{flex:100%}.field select{w' +
  'idth:100%}}@media (forced-colors:active){button[aria-pressed=true]{outline:1px solid highl' +
  'ight}.dot,.age,.meter i,.status:before{forced-color-adjust:none}}@media (prefers-reduced-m' +
  'otion:no-preference){.stale,.charts,.sessions{transition:opacity .15s}}'
