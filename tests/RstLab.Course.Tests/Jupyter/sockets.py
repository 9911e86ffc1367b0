"""libzmq's sockets against ours. The addresses of a ROUTER that echoes, a REP and a PUB that says 'topic N' on request are given."""
import sys
import time

import zmq

from session import LIMIT, equal, main

router, reply, publisher = sys.argv[1:4]
context = zmq.Context()


def socket(kind, address, **options):
    made = context.socket(kind)
    made.linger = 0
    made.rcvtimeo = made.sndtimeo = 20_000
    for name, option in options.items():
        setattr(made, name, option)
    made.connect(address)
    return made


def messages_of_every_size_come_back():
    dealer = socket(zmq.DEALER, router)
    for length in (0, 1, 254, 255, 256, 257, 65_535, 65_536, 1 << 20, 9 << 20):
        frames = [b"head", b"", bytes([length % 251]) * length, b"tail"]
        dealer.send_multipart(frames)
        equal(dealer.recv_multipart() == frames, True)
    dealer.send_multipart([b"x"] * 256)
    equal(len(dealer.recv_multipart()), 256)


def each_client_gets_its_own_answers():
    dealers = [socket(zmq.DEALER, router, identity=b"%d" % i) for i in range(30)]
    for round in range(20):
        for i, dealer in enumerate(dealers):
            dealer.send_multipart([b"%d" % i, b"%d" % round])
        for i, dealer in enumerate(dealers):
            equal(dealer.recv_multipart(), [b"%d" % i, b"%d" % round])


def a_request_socket_gets_its_reply():
    for address in (reply, router):
        request = socket(zmq.REQ, address)
        for i in range(50):
            request.send(b"ping %d" % i)
            equal(request.recv(), b"ping %d" % i)


def subscribers_get_what_they_asked_for():
    every, some = socket(zmq.SUB, publisher), socket(zmq.SUB, publisher)
    every.subscribe(b"")
    some.subscribe(b"b")
    dealer = socket(zmq.DEALER, router)

    def publish(topic):
        dealer.send_multipart([b"publish", topic, b"body"])
        dealer.recv_multipart()

    def until(ended, what):  # the protocol does not tell when a subscription is in force, or no longer; what comes does
        limit = time.time() + LIMIT
        publish(b"b0")
        while not ended():
            assert time.time() < limit, what
            publish(b"b0")

    until(lambda: every.poll(20) and some.poll(20), "both are subscribed")
    publish(b"b-ready")
    for subscriber in (every, some):
        while subscriber.recv_multipart() != [b"b-ready", b"body"]:
            pass
    for topic in (b"a", b"b1", b"c", b"b2"):
        publish(topic)
    equal([every.recv_multipart() for _ in range(4)], [[topic, b"body"] for topic in (b"a", b"b1", b"c", b"b2")])
    equal([some.recv_multipart() for _ in range(2)], [[b"b1", b"body"], [b"b2", b"body"]])
    some.unsubscribe(b"b")

    def nothing_comes():
        if not some.poll(300):
            return True
        some.recv_multipart()

    until(nothing_comes, "the subscription is over")
    publish(b"b3")
    while every.recv_multipart() != [b"b3", b"body"]:
        pass
    equal(some.poll(300), 0)


def sockets_that_do_not_belong_together_are_refused():
    for kind, address in ((zmq.SUB, router), (zmq.DEALER, publisher), (zmq.PUSH, reply)):
        made = context.socket(kind)
        made.linger = 0
        watch = made.get_monitor_socket(zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL | zmq.EVENT_DISCONNECTED)
        made.connect(address)
        equal(watch.poll(5000) != 0, True)
        made.disable_monitor()
        made.close()


def a_client_with_heartbeats_stays():
    dealer = socket(zmq.DEALER, router, heartbeat_ivl=200, heartbeat_timeout=3000)  # libzmq ends a connection that does not answer for 3 s
    dealer.send(b"before")
    equal(dealer.recv(), b"before")
    time.sleep(5)
    dealer.send(b"after")
    equal(dealer.recv(), b"after")


main([
    messages_of_every_size_come_back, each_client_gets_its_own_answers, a_request_socket_gets_its_reply,
    subscribers_get_what_they_asked_for, sockets_that_do_not_belong_together_are_refused, a_client_with_heartbeats_stays,
])
context.destroy(linger=0)
