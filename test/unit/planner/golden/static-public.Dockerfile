# preset: static
# why: `public/index.html` found and nothing that builds or serves it
# why: files of `public` are served as they are
# base images: 
# context: /
# output: {"type":"checkout-files","directory":"public","spa":false}
