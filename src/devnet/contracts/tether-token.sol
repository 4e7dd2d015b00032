// SPDX-License-Identifier: UNLICENSED
pragma solidity 0.8.37;

/// The token that takes over after `deprecate`. It trusts its predecessor to say who asked.
interface UpgradedToken {
    function transferByLegacy(address from, address to, uint256 value) external returns (bool);
    function transferFromByLegacy(address sender, address from, address to, uint256 value) external returns (bool);
    function approveByLegacy(address from, address spender, uint256 value) external returns (bool);
    function increaseApprovalByLegacy(address from, address spender, uint256 added) external returns (bool);
    function decreaseApprovalByLegacy(address from, address spender, uint256 subtracted) external returns (bool);
    function balanceOf(address who) external view returns (uint256);
    function allowance(address holder, address spender) external view returns (uint256);
    function totalSupply() external view returns (uint256);
}

/// USDT for the devnet: it behaves to the outside as the token on TRON's main network does, with its oddities.
/// - transfer returns false although it succeeded.
/// - A requirement that is not met reverts without a reason.
/// - A fee in basis points, at most maximumFee, is taken from what the receiver gets and logged as a second Transfer.
/// - Only senders are looked up in the blacklist.
contract TetherToken {
    string public name;
    string public symbol;
    uint256 public decimals;
    address public owner;
    bool public paused;
    bool public deprecated;
    address public upgradedAddress;
    uint256 public _totalSupply;
    uint256 public basisPointsRate;
    uint256 public maximumFee;
    mapping(address => uint256) public balances;
    mapping(address => mapping(address => uint256)) public allowed;
    mapping(address => bool) public isBlackListed;

    uint256 public constant MAX_SETTABLE_BASIS_POINTS = 20;
    uint256 public constant MAX_SETTABLE_FEE = 50;
    uint256 public constant MAX_UINT = type(uint256).max;

    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);
    event OwnershipTransferred(address indexed previousOwner, address indexed newOwner);
    event Pause();
    event Unpause();
    event AddedBlackList(address indexed _user);
    event RemovedBlackList(address indexed _user);
    event DestroyedBlackFunds(address indexed _blackListedUser, uint256 _balance);
    event Issue(uint256 amount);
    event Redeem(uint256 amount);
    event Deprecate(address newAddress);
    event Params(uint256 feeBasisPoints, uint256 maxFee);

    modifier onlyOwner() {
        require(msg.sender == owner);
        _;
    }

    modifier whenNotPaused() {
        require(!paused);
        _;
    }

    constructor(uint256 _initialSupply, string memory _name, string memory _symbol, uint256 _decimals) {
        owner = msg.sender;
        _totalSupply = _initialSupply;
        name = _name;
        symbol = _symbol;
        decimals = _decimals;
        balances[msg.sender] = _initialSupply;
    }

    function transfer(address _to, uint256 _value) external whenNotPaused returns (bool) {
        require(!isBlackListed[msg.sender]);
        if (deprecated) return UpgradedToken(upgradedAddress).transferByLegacy(msg.sender, _to, _value);
        _move(msg.sender, _to, _value);
        return false;
    }

    function transferFrom(address _from, address _to, uint256 _value) external whenNotPaused returns (bool) {
        require(!isBlackListed[_from]);
        if (deprecated) return UpgradedToken(upgradedAddress).transferFromByLegacy(msg.sender, _from, _to, _value);
        uint256 most = allowed[_from][msg.sender];
        require(_value <= most);
        _move(_from, _to, _value);
        if (most < MAX_UINT) {
            unchecked {
                allowed[_from][msg.sender] = most - _value;
            }
        }
        return true;
    }

    function approve(address _spender, uint256 _value) external whenNotPaused returns (bool) {
        if (deprecated) return UpgradedToken(upgradedAddress).approveByLegacy(msg.sender, _spender, _value);
        return _allow(_spender, _value);
    }

    function increaseApproval(address _spender, uint256 _added) external whenNotPaused returns (bool) {
        if (deprecated) return UpgradedToken(upgradedAddress).increaseApprovalByLegacy(msg.sender, _spender, _added);
        uint256 before = allowed[msg.sender][_spender];
        require(_added <= MAX_UINT - before);
        return _allow(_spender, before + _added);
    }

    function decreaseApproval(address _spender, uint256 _subtracted) external whenNotPaused returns (bool) {
        if (deprecated) {
            return UpgradedToken(upgradedAddress).decreaseApprovalByLegacy(msg.sender, _spender, _subtracted);
        }
        uint256 before = allowed[msg.sender][_spender];
        return _allow(_spender, _subtracted > before ? 0 : before - _subtracted);
    }

    function balanceOf(address who) external view returns (uint256) {
        return deprecated ? UpgradedToken(upgradedAddress).balanceOf(who) : balances[who];
    }

    function oldBalanceOf(address who) external view returns (uint256) {
        return deprecated ? balances[who] : 0;
    }

    function allowance(address _owner, address _spender) external view returns (uint256) {
        return deprecated ? UpgradedToken(upgradedAddress).allowance(_owner, _spender) : allowed[_owner][_spender];
    }

    function totalSupply() external view returns (uint256) {
        return deprecated ? UpgradedToken(upgradedAddress).totalSupply() : _totalSupply;
    }

    function getBlackListStatus(address _maker) external view returns (bool) {
        return isBlackListed[_maker];
    }

    function getOwner() external view returns (address) {
        return owner;
    }

    function calcFee(uint256 _value) public view returns (uint256) {
        uint256 rate = basisPointsRate;
        if (rate == 0) return 0;
        require(_value <= MAX_UINT / rate);
        uint256 fee;
        unchecked {
            fee = (_value * rate) / 10000;
        }
        uint256 most = maximumFee;
        return fee > most ? most : fee;
    }

    function pause() external onlyOwner whenNotPaused {
        paused = true;
        emit Pause();
    }

    function unpause() external onlyOwner {
        require(paused);
        paused = false;
        emit Unpause();
    }

    function transferOwnership(address newOwner) external onlyOwner {
        require(newOwner != address(0));
        emit OwnershipTransferred(owner, newOwner);
        owner = newOwner;
    }

    function addBlackList(address _evilUser) external onlyOwner {
        isBlackListed[_evilUser] = true;
        emit AddedBlackList(_evilUser);
    }

    function removeBlackList(address _clearedUser) external onlyOwner {
        isBlackListed[_clearedUser] = false;
        emit RemovedBlackList(_clearedUser);
    }

    /// Takes what a blacklisted address holds out of the world, without a Transfer.
    function destroyBlackFunds(address _blackListedUser) external onlyOwner {
        require(isBlackListed[_blackListedUser]);
        uint256 dirty = balances[_blackListedUser];
        balances[_blackListedUser] = 0;
        _totalSupply -= dirty;
        emit DestroyedBlackFunds(_blackListedUser, dirty);
    }

    /// New tokens for the owner, without a Transfer.
    function issue(uint256 amount) external onlyOwner {
        require(amount <= MAX_UINT - _totalSupply);
        balances[owner] += amount;
        _totalSupply += amount;
        emit Issue(amount);
    }

    function redeem(uint256 amount) external onlyOwner {
        require(_totalSupply >= amount && balances[owner] >= amount);
        balances[owner] -= amount;
        _totalSupply -= amount;
        emit Redeem(amount);
    }

    function deprecate(address _upgradedAddress) external onlyOwner {
        require(_upgradedAddress != address(0));
        deprecated = true;
        upgradedAddress = _upgradedAddress;
        emit Deprecate(_upgradedAddress);
    }

    function setParams(uint256 newBasisPoints, uint256 newMaxFee) external onlyOwner {
        require(newBasisPoints < MAX_SETTABLE_BASIS_POINTS);
        require(newMaxFee < MAX_SETTABLE_FEE);
        basisPointsRate = newBasisPoints;
        maximumFee = newMaxFee * 10 ** decimals;
        emit Params(newBasisPoints, maximumFee);
    }

    function _move(address _from, address _to, uint256 _value) private {
        require(_to != address(0));
        // Work without an effect: with it a transfer takes as many operations' worth of energy as that of the token on
        // the main network, which an old compiler made (14,650 to a holder, 29,650 to a new one, before the penalty).
        // A test measures it; whoever changes this contract or its compiler has to find new counts.
        assembly ("memory-safe") {
            for { let i := 0 } lt(i, 6) { i := add(i, 1) } { mstore(0, sload(mload(0))) }
            mstore(0, keccak256(0, 64))
            for { let i := 0 } lt(i, 10) { i := add(i, 1) } { mstore(0, not(mload(0))) }
            mstore(0, keccak256(0, 64))
            mstore(0, keccak256(0, 64))
        }
        uint256 fee = calcFee(_value);
        uint256 has = balances[_from];
        require(_value <= has);
        unchecked {
            balances[_from] = has - _value;
            balances[_to] += _value - fee;
            emit Transfer(_from, _to, _value - fee);
            if (fee > 0) {
                balances[owner] += fee;
                emit Transfer(_from, owner, fee);
            }
        }
    }

    function _allow(address _spender, uint256 _value) private returns (bool) {
        allowed[msg.sender][_spender] = _value;
        emit Approval(msg.sender, _spender, _value);
        return true;
    }
}
