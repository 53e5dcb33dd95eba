"""Documents (a JSON list on standard input) as GitHub renders them, before it sanitizes: for each
the tags in order with the text outside of code, and the texts of code."""

import json
import sys
from html.parser import HTMLParser

import cmarkgfm
from cmarkgfm.cmark import Options


class Reader(HTMLParser):
    def __init__(self):
        super().__init__(convert_charrefs=True)
        self.structure, self.codes, self.deep = [], [], 0

    def handle_starttag(self, tag, attributes):
        words = [tag] + [f"{name}={value}" for name, value in attributes]
        self.structure.append("<" + " ".join(words))
        if tag == "code":
            if self.deep == 0:
                self.codes.append("")
            self.deep += 1

    def handle_endtag(self, tag):
        self.structure.append("</" + tag)
        if tag == "code":
            self.deep -= 1

    def handle_data(self, data):
        if self.deep:
            self.codes[-1] += data
        elif data.strip():
            self.structure.append(data)

    def handle_comment(self, data):
        self.structure.append("!" + data)

    def handle_decl(self, data):
        self.structure.append("<!" + data)

    def handle_pi(self, data):
        self.structure.append("<?" + data)


OPTIONS = Options.CMARK_OPT_UNSAFE | Options.CMARK_OPT_FOOTNOTES | Options.CMARK_OPT_GITHUB_PRE_LANG

answers = []
for document in json.load(sys.stdin):
    reader = Reader()
    reader.feed(cmarkgfm.github_flavored_markdown_to_html(document, options=OPTIONS))
    reader.close()
    answers.append((reader.structure, reader.codes))
json.dump(answers, sys.stdout)
