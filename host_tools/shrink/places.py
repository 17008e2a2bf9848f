"""Which functions of the firmware leave the bundle for an overlay (host_tools.shrink.overlay).

Not here: what runs at every step of a task, in the 20 ms step of the media, or while nothing happens; nor
what is kept as a value (a callback would keep its whole overlay). A name that the firmware does not have is
passed over by the build; a test finds it. A line is a module, or a class of it, and functions.
"""

_GROUPS = {
    # Once, while the firmware starts, in two parts because there is not much room yet: the board and the
    # audio, then all that is joined to them. What one part makes comes to lie behind its code, in one piece,
    # and the next part's code where that was. With !: there is one object of it for ever.
    "start_board!": """
        call_media__MediaPath: __init__
        call_port_path__PortPath: __init__
        call_leg_path__LegSlot: __init__
        dsp_dtmf__DtmfDetector: __init__
        dsp_tones__ToneGenerator: __init__
        base_log__Log: __init__
        tasks_media__MediaPump: __init__
        hal_virtual__VirtualHal: __init__
        hal_virtual__PcmPort: __init__
        hal_virtual__IrqLine: __init__
        hal_virtual__Store: __init__
        hal_virtual__Net: __init__
        hal_virtual__Identity: __init__
        hal_virtual___Link: __init__
        hal_esp32__Esp32Hal: __init__
        hal_esp32__SpiBus: __init__
        hal_esp32__DaisyChain: __init__
        hal_esp32__ChainedBus: __init__
        hal_esp32__IrqLine: __init__
        hal_esp32__Identity: __init__
        hal_esp32_guard__Guard: __init__
        hal_esp32_net__Net: __init__
        hal_esp32_pcm__Esp32PcmPort: __init__
        hal_esp32_store__Store: __init__
    """,
    "start_board": """
        dsp_tones: sine_table dtmf_table
        hal_virtual__VirtualHal: slic_reset restart
        hal_virtual__PcmPort: start
        hal_virtual__Store: read write
        hal_virtual__Net: begin open_point
        hal_virtual: _connect
        hal_esp32: _input
        hal_esp32__Esp32Hal: _spi_buses slic_reset pump
        hal_esp32__DaisyChain: begin
        hal_esp32_guard__Guard: crashes forgive
        hal_esp32_net__Net: begin open_point
        hal_esp32_store__Store: read write
    """,
    "start!": """
        hal_virtual__SpiBus: __init__
        call_exchange__Exchange: __init__
        call_phone__Phone: __init__
        call_routing__Router: __init__
        line_hook__HookDecoder: __init__
        line_machine__Line: __init__
        line_ringer__Ringer: __init__
        sip_account__Account: __init__
        sip_transaction__Transactions: __init__
        sip_ua__UserAgent: __init__
        slic_si321x__Si321x: __init__
        tasks_line__PortLine: __init__
        tasks_line__LineTask: __init__
        tasks_service__Service: __init__
        tasks_sip__SipTask: __init__
    """,
    "start": """
        hal_virtual__VirtualHal: spi
        call_exchange__Exchange: start
        call_routing__Router: whole_numbers
        sip_ua__UserAgent: add_account start
        tasks_service__Service: prepare
    """,
    # a dial plan is read: when the settings are, and when the phones are made
    "plan!": """
        call_dialplan__DialPlan: __init__
    """,
    "plan": """
        call_dialplan: _compile
    """,
    # a chip starts, fails or is commanded otherwise than by a call
    "chip": """
        slic_si321x__Si321x: probe start fail _not_as_ordered measure
        tasks_line__LineTask: _reset _start _out_of_service _lose _alarm
    """,
    # a SIP message, and the values of its headers
    "words": """
        sip_grammar: need made_of parse_number
        sip_message__Message: __init__
    """,
    "grammar": """
        sip_grammar: split_list parse_params quote _quoted escape unescape
        sip_grammar: parse_host_port parse_uri parse_name_addr parse_via
        sip_dialog: contact_of tag_of next_hop
    """,
    # a SIP message is read
    "parse": """
        sip_message: canonical_name parse _parse
        sip_ua__UserAgent: _parsed
    """,
    # a request comes
    "request": """
        sip_message__Message: all
        sip_transaction: server_key
        sip_ua__UserAgent: _return_path _request _session _refuse
    """,
    # one in a call
    "within": """
        sip_ua__UserAgent: _in_dialog
    """,
    # a response comes
    "response": """
        sip_transaction: derived
        sip_transaction__Transactions: response
        sip_transaction__Transaction: respond refused inform
    """,
    # that of a call
    "outcome": """
        sip_session__Session: response progress agree settle _agreed ack quiet
    """,
    # and it is acknowledged
    "acknowledge": """
        sip_dialog: of_response
        sip_ua__UserAgent: send_ack
        sip_session__Session: _acknowledge
    """,
    # a dialog begins, or a request in it
    "dialog": """
        sip_dialog__Dialog: __init__ request
    """,
    # a request goes
    "send": """
        sip_ua__UserAgent: send _stamp
        sip_session__Session: __init__ _complete
        sip_account__Account: credentials
        sip_transaction__Transactions: request _make_room
        sip_transaction__Transaction: __init__
    """,
    # or a response: its bytes
    "encode": """
        sip_message__Message: encode copy start_line
        sip_transaction__Transaction: say
        sip_ua: _line
    """,
    # a registration begins, is answered or refreshed
    "register": """
        sip_registration__Registration: __init__ begin send publish response _granted
        sip_registration: seconds
    """,
    # a challenge is answered
    "digest": """
        sip_digest__Credentials: __init__ challenged sign
        sip_digest: parse_auth choose answer
    """,
    # a call is made
    "caller": """
        sip_session__Session: modify _offer
        sip_ua__UserAgent: invite
        sip_account__Account: route
        call_exchange__Exchange: sip_place
        call_routing__Router: target
    """,
    # a call comes
    "callee": """
        sip_ua__UserAgent: _new_call reply
        sip_session__Session: respond
        sip_dialog: of_request
        sip_transaction__Transactions: serve
        sip_message: response
    """,
    # a phone is rung
    "ring": """
        sip_ua__UserAgent: ring
        call_exchange__Exchange: _incoming ring
        call_phone__Phone: can_take incoming start_ringing
    """,
    # its bell
    "bell": """
        call_exchange__Exchange: ring_phone
        line_machine__Line: start_ringing _ring
        line_ringer__Ringer: start
    """,
    # a report comes or goes
    "report": """
        rtp_rtcp: whole
        rtp_rtcp__Rtcp: __init__ report receive _block _time _pass _plan
        rtp_stream__RtpStream: reception
        tasks_reports__Reports: _begin _end _send _receive
        tasks_reports___Report: __init__
    """,
    # a phone's display or lamp is told
    "tell": """
        call_exchange__Exchange: call_waiting _light _forget_announcer
        call_port_path__PortPath: signal
        line_machine__Line: transmit _transmit _cut
    """,
    # a description is written
    "describe": """
        sip_offer__LocalMedia: __init__
        call_exchange__Exchange: _local_media
        sip_offer__Negotiation: __init__ make_offer _describe
    """,
    # offer and answer
    "offer": """
        sip_offer__Negotiation: accept_answer receive_offer
        sip_offer: _agree parse _address
        sip_offer__Stream: __init__
    """,
    # a call is answered here
    "answer": """
        call_exchange__Exchange: sip_answer
        sip_ua__UserAgent: answer
        sip_session__Session: reoffer
    """,
    # what a call needs is made
    "leg": """
        call_leg_path__LegSlot: prepare comfort
        call_media__MediaPath: _prepare reserve
        rtp_quality__Meter: reset
        dsp_g711__G711: __init__
        dsp_plc__Plc: __init__
        rtp_stream__RtpStream: __init__
        rtp_event__EventSender: __init__
        rtp_event__EventReceiver: __init__
        rtp_jitter__JitterBuffer: __init__
        rtp_readsize__ReadSize: __init__
        tasks_media___LegSocket: __init__
        hal_virtual__UdpSocket: __init__
        hal_virtual: _port_of
        hal_esp32_net__UdpSocket: __init__
    """,
    # a phone gets one
    "leg_of_phone": """
        call_exchange__Exchange: new_leg
        call_phone__Leg: __init__
    """,
    # its audio begins or ends
    "audio": """
        call_exchange__Exchange: connect
        call_media__MediaPath: connect send_digit
        call_leg_path__LegSlot: open disconnect close
        call_leg_path: _number
        rtp_stream__RtpStream: open digit_play
    """,
    # a person dials
    "dial": """
        call_phone__Phone: collect start_dialling place digit no_digits bad_number
        call_dialplan__DialPlan: match
        call_dialplan: _match
        call_exchange__Exchange: log tone _heard_digit place
    """,
    # a person does something at a phone
    "phone": """
        call_phone__Phone: off_hook on_hook flash leg_event ringback early_media talk new_media
        call_phone__Phone: send_digit stop_ringing answer _take
        call_exchange__Exchange: _line_event _leg_output stop_ringing send_digit answer
        line_machine__Line: ring_trip stop_ringing in_service out_of_service _reset _lost
        line_hook__HookDecoder: seize
    """,
    # a call ends
    "end": """
        sip_session__Session: leave left over done fail refuse
        sip_ua__UserAgent: hangup reject
        call_exchange__Exchange: hang_up release sip_hang_up
        call_phone__Phone: hang_up _drop_active call_failed far_end_gone howl silence give_up
        call_phone__Phone: give_up_calling
    """,
    # what is unusual
    "rare": """
        sip_session__Session: retry unmodified cancel decline lose
        sip_ua__UserAgent: stop send_info unreachable hold
        sip_transaction__Transactions: unreachable
        call_exchange__Exchange: unreachable line_lost hold sip_hold disconnect in_call _too_full
        call_phone__Phone: line_lost consult swap recall _hold_active
        call_exchange__Exchange: move
        sip_ua__UserAgent: move
        sip_transaction__Transaction: retransmit expire
        tasks_net__Surroundings: _carry_out _tell
        tasks_sip__SipTask: _by_name
        hal_virtual__Net: lookup
        hal_esp32_net__Net: lookup
        call_routing: direct_address
    """,
    # a person asks
    "status": """
        tasks_media__MediaPump: statistics
        rtp_stream__RtpStream: statistics
        rtp_jitter__JitterBuffer: statistics
        base_log__Log: lines
        rtp_quality: r_factor mos
        rtp_quality__Meter: loss burst
    """,
}


def _read(groups: dict[str, str]) -> dict[str, str]:
    places = {}
    for group, text in groups.items():
        for line in text.strip().splitlines():
            owner, _, functions = line.strip().partition(": ")
            join = "." if "__" in owner else "__"  # of a class, or of a module
            places.update({owner + join + name: group for name in functions.split()})
    return places


_PLACED = _read(_GROUPS)
PLACES = {name: group.rstrip("!") for name, group in _PLACED.items()}
ONCE = frozenset(name for name, group in _PLACED.items() if group.endswith("!"))
