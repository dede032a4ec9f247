"""Prices the cart that came with an event; a cart that has no price is an error."""

import json


def price(cart):
    if cart.get("poison"):
        raise ValueError(f"cannot price cart {cart['id']}")
    return 10 * cart["id"]


def handler(event, context):
    for record in event["Records"]:
        cart = json.loads(json.loads(record["body"])["Message"])
        print(json.dumps({"level": "INFO", "cart": cart["id"], "price": price(cart)}))
