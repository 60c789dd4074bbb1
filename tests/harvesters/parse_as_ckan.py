"""Reads a page of a catalogue as CKAN's harvester does; runs in the environment of `requirements.txt`, not in ours.

`parse_as_ckan.py FILE MEDIA_TYPE` prints JSON: `next`, the address of the next page, and `datasets` as CKAN keeps them.
"""

import json
import sys
from pathlib import Path

from ckanext.dcat.processors import RDFParser  # type: ignore[import-not-found,unused-ignore]

file, media_type = sys.argv[1:]
parser = RDFParser(profiles=["euro_dcat_ap_3"])
parser.parse(Path(file).read_text("utf-8"), _format=media_type)
print(json.dumps({"next": parser.next_page(), "datasets": list(parser.datasets())}))
