"""The exchange: joins the phones, their lines, the SIP user agent and the media path.

Sans-IO: the tasks give it hook events, digits and datagrams with `now`, and carry out what `poll`
returns: ("send", bytes, host, port). Lines and media are told directly.

What a phone wishes of the SIP side (call, answer, hang up, hold) waits until the event that made it wish so
is done with: one after the other they take half the memory (host_tools.shrink.overlay), and if there is not
enough even so, a call fails as it does without a network, and the phone is told.
"""

import gc

from ata.base.clock import add, due, sooner
from ata.base.unload import drop_overlays, forget
from ata.call.phone import Leg, Phone
from ata.sip.offer import LocalMedia

_BUSY_HERE = 486
_NOT_FOUND = 404
_UNAVAILABLE = 503
_TEMPORARILY_UNAVAILABLE = 480

_INFO_MS = 160  # duration told in an INFO digit
_PLAY_MS = 100  # length at which a digit received by INFO is played to the line
_PLAY_MAX_MS = 5000

# Bytes: with less, what was loaded for the step before goes. None of it runs now, as it may within a step.
_ROOM = 20000

_LAG_MS = 60  # from a line's output to its sound on the wire, and back: a media step and the board's buffers
_LAMP_MS = 2000  # until a line that could not be told of messages is tried again
_DIAL_TONES = ("dial", "stutter")
_DIGITS = "0123456789*#ABCD"


class Exchange:
    """Ports 1 and 2.

    `router`, `plan`, `timeouts`: for the phones (ata.call.routing, dialplan, phone). `lines`: {port:
    ata.line.machine.Line}. `tones`: {name: compiled script}; `cadence`: of ringing, in ms. `options`:
    {"codecs": payload types in order of preference, "event_type": RFC 4733 payload type, "dtmf": {port: how
    digits leave: rfc4733, info, inband, auto}, "caller_id": {port: way of ata.call.announce, "" for none},
    "ptime": ms of a packet, "noise": True for comfort noise, "mux": True for reports on the RTP port, "sas":
    (the first call waiting tone as the beginning of a script, its ms), "time": function that gives (month,
    day, hour, minute) or None}. `resolve(host, port)` -> an address for sendto, or None. `rtp_port(port,
    slot)` -> the local UDP port of a media slot. `random(n)` -> n bytes.
    """

    def __init__(self, ua, lines, media, router, plan, timeouts, tones, cadence, options,
                 resolve, rtp_port, random, log):  # fmt: skip
        self._ua = ua
        self._lines = lines
        self._media = media
        self.router = router
        self._tones = tones
        self._cadence = cadence
        self._options = options
        self._resolve = resolve
        self._rtp_port = rtp_port
        self._random = random
        self._log = log
        self._outputs = []
        self._wishes = []  # (method, leg, argument) for the SIP side
        self._legs = {}  # session -> leg
        self.registrations = {}  # port -> state, as the user agent tells it
        self.waiting = {}  # port -> True while messages wait for it
        self._lamps = {}  # port -> (waiting, count) that its phone has not been told
        self._light_at = 0
        self.calls = 0
        self.changed = True  # something has happened since the task asked for the deadline last
        self.phones = {port: Phone(port, self, plan, timeouts, self._unexpected) for port in (1, 2)}

    def _unexpected(self, machine, event):
        self._log.count("unexpected event")
        self._log.warning("call", "%s: event %s in state %s" % (machine.name, event, machine.state))

    # What the tasks bring

    def line_event(self, port, event, now):
        """`event`: what Line.poll gave: ("off_hook",), ("on_hook",), ("flash",), ("digit", c)."""
        self._line_event(port, event, now)
        self._drain(now)

    def _line_event(self, port, event, now):
        phone = self.phones[port]
        kind = event[0]
        if kind == "transmitted":  # who waits was told: go on as without it
            if phone.other is not None and not phone.other.up:
                self._media.port(port).tones.start(self._tones["call_waiting"], True)
            return
        if kind != "digit" or phone.fsm.state != "talking":  # a digit in a call may be a PIN
            self._log.info("line", "port %d %s" % (port, " ".join(event)))
        if kind == "digit":
            phone.digit(event[1], now)
        elif kind == "off_hook":
            phone.off_hook(now)
        elif kind == "on_hook":
            phone.on_hook(now)
            self._light(port, now)
        else:
            phone.flash(now)

    def line_lost(self, port, now):
        """The line of `port` went out of service."""
        self.phones[port].line_lost(now)
        self._drain(now)

    def heard_digit(self, port, code, now):
        """A DTMF digit (RFC 4733 code) was heard on the line of `port`."""
        self._heard_digit(port, code, now)
        self._drain(now)

    def _heard_digit(self, port, code, now):
        phone = self.phones[port]
        state = phone.fsm.state
        if self._lines[port].heard(code, now):
            return
        if state == "talking":
            # Not logged: it may be a PIN. As an event or in band it has left already (ata.call.media).
            if self._dtmf(port) == "info":
                phone.digit(_DIGITS[code], now)
        elif state != "idle" and state != "ringing":
            self._log.info("line", "port %d dtmf %s" % (port, _DIGITS[code]))
            phone.digit(_DIGITS[code], now)

    def receive(self, data, address, now):
        """A datagram for the SIP port from `address` = (ip text, port)."""
        drop_overlays(_ROOM)
        self._ua.receive(data, address, now)
        fault = self._ua.fault
        if fault is not None:
            self._ua.fault = None
            self._log.error("sip", "our own mistake on a message from %s: %r" % (address[0], fault))
        self._drain(now)

    def unreachable(self, host, now):
        """A datagram could not be sent to `host`."""
        self._ua.unreachable(host, now)
        self._drain(now)

    def poll(self):
        """The next ("send", bytes, host, port), or None."""
        return self._outputs.pop(0) if self._outputs else None

    def in_call(self):
        """True while a phone has a call."""
        return any(phone.active is not None for phone in self.phones.values())

    def deadline(self):
        first = self._ua.deadline()
        for phone in self.phones.values():
            first = sooner(first, phone.deadline())
        return sooner(first, self._light_at) if self._lamps else first

    def tick(self, now):
        self._ua.tick(now)
        for phone in self.phones.values():
            phone.tick(now)
        if self._lamps and due(self._light_at, now):  # the line was down, or rang
            self._light_at = add(now, _LAMP_MS)
            for port in tuple(self._lamps):
                self._light(port, now)
        self._drain(now)

    def start(self, now):
        self._ua.start(now)
        self._drain(now)

    def move(self, host, now):
        """The network is there (again), and our own address is `host`."""
        self._ua.move(host, now)
        self._drain(now)

    # What the user agent says

    def _drain(self, now):
        self.changed = True
        while True:
            drop_overlays(_ROOM)
            if self._wishes:
                self._grant(self._wishes.pop(0), now)
                continue
            output = self._ua.poll()
            if output is None:
                return
            kind = output[0]
            if kind == "send":
                self._outputs.append(output)
            elif kind == "registration":
                self.registrations[output[1]] = output[2]
                self._log.info("sip", "port %d %s" % (output[1], output[2]))
            elif kind == "messages":
                self.waiting[output[1]] = output[2]
                self._lamps[output[1]] = output[2:]
                self._light(output[1], now)
                self._light_at = add(now, _LAMP_MS)
            elif kind == "incoming":
                self._incoming(output[1], now)
            else:
                leg = self._legs.get(output[1])
                if leg is not None:
                    self._leg_output(kind, leg, output, now)

    def _grant(self, wish, now):
        method, leg, argument = wish
        try:
            getattr(self, method)(leg, argument, now)
        except MemoryError:
            self._too_full(wish, now)

    def _too_full(self, wish, now):
        """There was not enough memory for a wish. A call fails; anything else is tried again."""
        method, leg, argument = wish
        drop_overlays()
        gc.collect()
        self._log.count("out of memory")
        if method == "sip_place" or (method == "reserve" and leg.outgoing):
            leg.phone.leg_event("failed", leg, now, _UNAVAILABLE)
        elif method == "reserve":
            self._ua.reject(leg.session, _TEMPORARILY_UNAVAILABLE, now)
            leg.phone.leg_event("ended", leg, now, _TEMPORARILY_UNAVAILABLE)
        else:
            getattr(self, method)(leg, argument, now)

    def _incoming(self, session, now):
        phone = self.phones[session.account]
        line = self._lines[session.account]
        if line.state == "down":
            self._ua.reject(session, _TEMPORARILY_UNAVAILABLE, now)
        elif not phone.can_take():
            self._ua.reject(session, _BUSY_HERE, now)
        else:
            leg = self.new_leg(phone, False)
            leg.session = session
            self._legs[session] = leg
            self._log.info(
                "call", "port %d call from %s" % (phone.port, session.remote_user or session.remote_uri)
            )
            self._ua.ring(session, now)
            self._wishes.append(("reserve", leg, None))
            phone.incoming(leg, now)

    def _leg_output(self, kind, leg, output, now):
        phone = leg.phone
        if kind == "progress":
            if output[3] is not None:
                leg.media = output[3]
                phone.leg_event("early", leg, now)
            elif output[2] >= 180:
                phone.leg_event("alerting", leg, now)
        elif kind == "answered" or kind == "media":
            leg.media = output[2]
            phone.leg_event(kind, leg, now)
        elif kind == "dtmf":
            code = _DIGITS.find(output[2])
            if code >= 0 and leg is phone.active:
                self._media.port(phone.port).play_digit(code, min(output[3] or _PLAY_MS, _PLAY_MAX_MS))
        else:
            self._log.info("call", "port %d call %s %d" % (phone.port, kind, output[2]))
            phone.leg_event(kind, leg, now, output[2])

    # What the phones ask for (see ata.call.phone)

    def log(self, port, text):
        self._log.info("call", "port %d %s" % (port, text))

    def tone(self, port, name):
        generator = self._media.port(port).tones
        if name == "dial" and self.waiting.get(port):
            name = "stutter"  # messages wait
        if name is None:
            generator.stop()
        else:
            generator.start(self._tones[name])
            if name in _DIAL_TONES:
                self._lines[port].expect_digits(True)

    def ring(self, leg):
        self._wishes.append(("ring_phone", leg, None))

    def ring_phone(self, leg, _, now):
        if leg is not leg.phone.active or leg.phone.fsm.state != "ringing":
            return  # not any more
        port = leg.phone.port
        way = self._options["caller_id"][port]
        told = None
        if way and not leg.outgoing and not leg.up:
            try:
                from ata.call.announce import of_call

                told = of_call(way, leg.session, self._options["time"](), _LAG_MS)
            except MemoryError:  # the phone rings all the same
                self.log(port, "no memory to show who calls")
            self._forget_announcer()
        self._lines[port].start_ringing(self._cadence, now, told)

    def call_waiting(self, leg, now):
        """Tell the person in a call that `leg` waits: by a tone, and by its number if the phone takes it."""
        port = leg.phone.port
        way = self._options["caller_id"][port]
        told = None
        if way:
            sas, sas_ms = self._options["sas"]
            try:
                from ata.call.announce import of_waiting_call

                told = of_waiting_call(way, leg.session, self._options["time"](), _LAG_MS, sas, sas_ms)
            except MemoryError:  # the tone comes all the same
                self.log(port, "no memory to show who calls")
            self._forget_announcer()
        if told is None:
            self.tone(port, "call_waiting")
        else:
            self._lines[port].transmit(told, now)

    def _light(self, port, now):
        """Tell the phone of `port` whether messages wait, as soon as it is idle."""
        if port in self._lamps and self._lines[port].state == "idle":
            waiting, count = self._lamps.pop(port)
            way = self._options["caller_id"][port]
            if way:
                told = None
                try:
                    from ata.call.announce import of_messages

                    told = of_messages(way, waiting, count, _LAG_MS)
                except MemoryError:
                    self._lamps[port] = (waiting, count)  # another time
                self._forget_announcer()
                if told is not None:
                    self._lines[port].transmit(told, now)

    def _forget_announcer(self):
        forget("ata.call.announce", "ata.line.callerid", "ata.sip.summary")

    def stop_ringing(self, port, now):
        self._lines[port].stop_ringing(now)

    def new_leg(self, phone, outgoing):
        """A leg in the media slot that the phone's other leg does not use."""
        other = phone.other or phone.active
        self.calls += 1
        return Leg(phone, 1 if other is not None and other.slot == 0 else 0, outgoing)

    def place(self, leg, number):
        """Call `number`; without a way to it the leg fails with 404."""
        self._wishes.append(("reserve", leg, None))
        self._wishes.append(("sip_place", leg, number))

    def reserve(self, leg, _, now):
        """Make the leg's buffers while nothing is in the way: later there may be no piece of their size."""
        if leg is leg.phone.active or leg is leg.phone.other:
            drop_overlays()
            gc.collect()
            self._media.reserve(self._slot(leg))

    def sip_place(self, leg, number, now):
        if leg is not leg.phone.active:
            return  # given up meanwhile
        port = leg.phone.port
        target = self.router.target(port, number, self.registrations.get(port), self._ua.host, self._ua.port)
        self._log.info("call", "port %d calls %s" % (port, target or number))
        if target is None:
            leg.phone.leg_event("failed", leg, now, _NOT_FOUND)
            return
        leg.session = self._ua.invite(port, target, self._local_media(leg), now)
        self._legs[leg.session] = leg

    def answer(self, leg):
        self._wishes.append(("sip_answer", leg, None))

    def sip_answer(self, leg, _, now):
        self._ua.answer(leg.session, self._local_media(leg), now)

    def hang_up(self, leg):
        if leg.session is not None:
            self._wishes.append(("sip_hang_up", leg, None))
        self.release(leg)

    def sip_hang_up(self, leg, _, now):
        self._ua.hangup(leg.session, now)

    def hold(self, leg, on):
        self._wishes.append(("sip_hold", leg, on))

    def sip_hold(self, leg, on, now):
        self._ua.hold(leg.session, on, now)

    def connect(self, leg):
        """Let the phone and the leg hear each other, as far as offer and answer allow."""
        media = leg.media
        if media is not None:
            port = leg.phone.port
            address = self._resolve(media.ip, media.port) if media.send else None
            self._media.connect(self._slot(leg), media, address, self._dtmf(port), self._random)
            # In a conversation a short break of the loop is a flash rather than a dialled pulse.
            self._lines[port].expect_digits(False)

    def disconnect(self, leg):
        self._slot(leg).disconnect()

    def release(self, leg):
        """Forget a leg that is over."""
        slot = self._slot(leg)
        if leg.up and slot.is_open:
            from ata.call.quality import figures, in_a_line

            self.log(leg.phone.port, "call was " + in_a_line(figures(slot, self._media.steps)))
            forget("ata.call.quality")
        slot.close()
        self._legs.pop(leg.session, None)

    def send_digit(self, leg, digit, now):
        """A digit that is not in the audio (pulse dialling), or is to go by INFO."""
        port = leg.phone.port
        if self._dtmf(port) == "info":
            self._ua.send_info(leg.session, digit, _INFO_MS, now)
        else:
            self._media.send_digit(port, self._slot(leg), _DIGITS.find(digit), _PLAY_MS)

    def _slot(self, leg):
        return self._media.slot(leg.phone.port, leg.slot)

    def _dtmf(self, port):
        return self._options["dtmf"][port]

    def _local_media(self, leg):
        port = self._rtp_port(leg.phone.port, leg.slot)
        options = self._options
        return LocalMedia(
            self._ua.host, port, options["codecs"], options["event_type"], options["ptime"], options["noise"],
            options["mux"],
        )  # fmt: skip
