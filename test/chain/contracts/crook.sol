// SPDX-License-Identifier: UNLICENSED
pragma solidity ^0.8.30;

interface Token {
    function transfer(address to, uint256 value) external returns (bool);
    function transferFrom(address from, address to, uint256 value) external returns (bool);
}

/// What people do who want to be credited for nothing, and people who pay in unusual ways.
contract Crook {
    string public constant name = "Tether USD";
    string public constant symbol = "USDT";
    uint8 public constant decimals = 6;

    event Transfer(address indexed from, address indexed to, uint256 value);

    /// A Transfer of a token that calls itself USDT.
    function pretend(address to, uint256 value) external {
        emit Transfer(msg.sender, to, value);
    }

    function payTwice(Token token, address to, uint256 first, uint256 second) external {
        token.transferFrom(msg.sender, to, first);
        token.transferFrom(msg.sender, to, second);
    }

    function payAndRevert(Token token, address to, uint256 value) external {
        token.transferFrom(msg.sender, to, value);
        revert("changed my mind");
    }

    /// The transaction succeeds, the payment in it does not.
    function payInside(Token token, address to, uint256 value) external {
        try this.payAndRevert(token, to, value) {} catch {}
        try this.sendAndRevert(token, to, value) {} catch {}
    }

    function sendAndRevert(Token token, address to, uint256 value) external {
        token.transfer(to, value);
        revert("changed my mind");
    }

    function coinInside(address payable to) external payable {
        try new Hand{value: msg.value}(to) {} catch {}
    }
}

contract Hand {
    constructor(address payable to) payable {
        to.transfer(msg.value);
        revert("changed my mind");
    }
}
