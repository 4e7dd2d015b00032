"""Names that exist. Without them hardly a request gets beyond "no such wallet".

Only a value that is valid already is replaced by another valid one, so that a request that was made wrong on purpose
stays wrong.
"""

import os
import re

import schemathesis

ID = re.compile(r"^[A-Za-z0-9_-]{1,64}$")
ADDRESS = re.compile(r"^T[1-9A-HJ-NP-Za-km-z]{33}$")
KNOWN = {
    "wallet": (ID, os.environ["FUZZ_WALLET"]),
    "from_wallet": (ID, os.environ["FUZZ_WALLET"]),
    "payout_id": (ID, os.environ["FUZZ_PAYOUT"]),
    "to": (ADDRESS, os.environ["FUZZ_ADDRESS"]),
    "address": (ADDRESS, os.environ["FUZZ_ADDRESS"]),
}


def known(values):
    if not isinstance(values, dict):
        return values
    for name, (pattern, value) in KNOWN.items():
        given = values.get(name)
        # Every second name, chosen by the request itself: a failure can be replayed.
        if isinstance(given, str) and pattern.match(given) and len(given) % 2 == 0:
            values = {**values, name: value}
    return values


@schemathesis.hook
def map_body(context, body):
    return known(body)


@schemathesis.hook
def map_path_parameters(context, path_parameters):
    return known(path_parameters)


@schemathesis.hook
def map_query(context, query):
    return known(query)
